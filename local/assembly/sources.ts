import * as z from "zod";
import { type EventSource, functionNameOf, type Schedule } from "../model.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const Mapping = z.object({
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  Enabled: z.coerce.boolean().default(true),
  BatchSize: z.coerce.number().optional(),
  MaximumBatchingWindowInSeconds: z.coerce.number().default(0),
  ParallelizationFactor: z.coerce.number().default(1),
  StartingPosition: z.string().optional(),
  MaximumRetryAttempts: z.coerce.number().default(-1),
  MaximumRecordAgeInSeconds: z.coerce.number().default(-1),
  BisectBatchOnFunctionError: z.coerce.boolean().default(false),
  FunctionResponseTypes: z.array(z.string()).default([]),
  DestinationConfig: z
    .object({ OnFailure: z.object({ Destination: z.string() }).optional() })
    .optional(),
  FilterCriteria: z
    .object({ Filters: z.array(z.object({ Pattern: z.string().optional() })).default([]) })
    .optional(),
  ScalingConfig: z.object({ MaximumConcurrency: z.coerce.number().optional() }).optional(),
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
    const destination = DestinationConfig?.OnFailure?.Destination;
    sources.push({
      id: `${stack}-${id}`,
      sourceArn: properties.EventSourceArn,
      functionName: FunctionName.startsWith("arn:") ? functionNameOf(FunctionName) : FunctionName,
      batchSize: properties.BatchSize ?? (fromQueue ? 10 : 100),
      batchingWindowSeconds: properties.MaximumBatchingWindowInSeconds,
      parallelizationFactor: properties.ParallelizationFactor,
      ...(properties.StartingPosition && { startingPosition: properties.StartingPosition }),
      retryAttemptsMax: properties.MaximumRetryAttempts,
      recordAgeSecondsMax: properties.MaximumRecordAgeInSeconds,
      bisectOnError: properties.BisectBatchOnFunctionError,
      reportsItemFailures: properties.FunctionResponseTypes.includes("ReportBatchItemFailures"),
      ...(destination && { onFailureArn: destination }),
      filters: (properties.FilterCriteria?.Filters ?? []).flatMap(({ Pattern }) =>
        Pattern === undefined ? [] : [z.record(z.string(), z.unknown()).parse(JSON.parse(Pattern))],
      ),
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
