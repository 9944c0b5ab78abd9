import * as z from "zod";
import { type EventSource, type FilterPattern, functionNameOf, type Schedule } from "../model.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const FilterRule = z.strictObject({ prefix: z.string() });
/** Keys that start with `$`, such as `$or`, are operators. */
const Filter: z.ZodType<FilterPattern> = z.record(
  z.string().regex(/^(?!\$)/),
  z.union([z.array(FilterRule), z.lazy(() => Filter)]),
);
const FilterText = z.strictObject({
  Pattern: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(Filter),
});

/** Settings with one value are those that the runner emulates. */
const Mapping = z.strictObject({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.boolean().default(true),
  BatchSize: z.number().optional(),
  MaximumBatchingWindowInSeconds: z.literal(0).optional(),
  ParallelizationFactor: z.literal(1).optional(),
  StartingPosition: z.literal("TRIM_HORIZON").optional(),
  MaximumRetryAttempts: z.number().default(-1),
  MaximumRecordAgeInSeconds: z.number().default(-1),
  BisectBatchOnFunctionError: z.literal(false).optional(),
  FunctionResponseTypes: z.tuple([z.literal("ReportBatchItemFailures")]),
  DestinationConfig: z
    .strictObject({
      OnFailure: z.strictObject({ Destination: z.string().startsWith("arn:aws:s3:::") }),
    })
    .optional(),
  FilterCriteria: z.strictObject({ Filters: z.array(FilterText) }).optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: z.number().optional() }).optional(),
  MetricsConfig: z.unknown().optional(),
  Tags: z.unknown().optional(),
});

/** The enabled mappings. -1 as attempts or age means no limit, as in Lambda's own API. */
export function readEventSources(templates: Templates): EventSource[] {
  const sources: EventSource[] = [];
  for (const { stack, id, properties } of findResources(
    templates,
    "AWS::Lambda::EventSourceMapping",
    Mapping,
  )) {
    if (!properties.Enabled) continue;
    const { FunctionName, DestinationConfig, ScalingConfig } = properties;
    const fromQueue = properties.EventSourceArn.startsWith("arn:aws:sqs:");
    sources.push({
      id: `${stack}-${id}`,
      sourceArn: properties.EventSourceArn,
      functionName: FunctionName.startsWith("arn:") ? functionNameOf(FunctionName) : FunctionName,
      batchSize: properties.BatchSize ?? (fromQueue ? 10 : 100),
      retryAttemptsMax: properties.MaximumRetryAttempts,
      recordAgeSecondsMax: properties.MaximumRecordAgeInSeconds,
      ...(DestinationConfig && { failuresBucketArn: DestinationConfig.OnFailure.Destination }),
      filters: properties.FilterCriteria?.Filters.map(({ Pattern }) => Pattern) ?? [],
      ...(ScalingConfig?.MaximumConcurrency && {
        concurrencyMax: ScalingConfig.MaximumConcurrency,
      }),
    });
  }
  return sources;
}

const Target = z.strictObject({
  Arn: z.string(),
  Id: z.string(),
  RetryPolicy: z.strictObject({ MaximumRetryAttempts: z.literal(0) }),
});
const Rule = z.strictObject({
  ScheduleExpression: z.string(),
  State: z.enum(["ENABLED", "DISABLED"]).default("ENABLED"),
  Targets: z.array(Target),
  Tags: z.unknown().optional(),
});

/** The enabled schedules: EventBridge rules that call functions, with EventBridge's own event. */
export const readSchedules = (templates: Templates): Schedule[] =>
  [...findResources(templates, "AWS::Events::Rule", Rule)]
    .filter(({ properties }) => properties.State === "ENABLED")
    .flatMap(({ stack, id, properties: { ScheduleExpression, Targets } }) =>
      Targets.map(({ Arn }, index) => ({
        id: `${stack}-${id}-${index}`,
        expression: ScheduleExpression,
        functionName: functionNameOf(Arn),
      })),
    );
