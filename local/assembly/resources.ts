import * as z from "zod";
import { resolve } from "./intrinsics.ts";
import type { Resource, Templates } from "./templates.ts";

/** A resource with its intrinsic functions resolved, and its location. */
type Found<Properties> = {
  stack: string;
  id: string;
  resource: Resource;
  properties: Properties;
};

/** Kinds that no stage has, and without which the runner would emulate a stage wrongly. */
const refused = new Set([
  "AWS::ApiGateway::GatewayResponse",
  "AWS::DynamoDB::Table",
  "AWS::Events::EventBus",
  "AWS::IAM::ManagedPolicy",
]);

/** Throws for a resource of a kind that the runner would otherwise ignore. */
export function assertReadable({ stacks }: Templates): void {
  for (const [stack, { Resources = {} }] of stacks)
    for (const [id, { Type }] of Object.entries(Resources))
      if (refused.has(Type))
        throw new Error(`The runner does not support ${Type} (${stack}/${id})`);
}

/**
 * The resources of one type in all stacks, with their properties resolved and validated by
 * `schema`: all readers of the assembly use this. Throws for one with a condition or an unknown
 * form.
 */
export function* findResources<Properties>(
  templates: Templates,
  type: string,
  schema: z.ZodType<Properties>,
): Generator<Found<Properties>> {
  for (const [stack, template] of templates.stacks) {
    for (const [id, resource] of Object.entries(template.Resources ?? {})) {
      if (resource.Type !== type) continue;
      if (resource.Condition !== undefined)
        throw new Error(`The runner does not support the condition of ${type} ${stack}/${id}`);
      const resolved = resolve(templates, stack, resource.Properties ?? {});
      const checked = schema.safeParse(resolved);
      if (!checked.success) {
        const reason = z.prettifyError(checked.error);
        throw new Error(
          `${type} ${stack}/${id} has a form that the runner does not support: ${reason}`,
        );
      }
      yield { stack, id, resource, properties: checked.data };
    }
  }
}
