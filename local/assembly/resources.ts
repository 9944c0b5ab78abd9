import * as z from "zod";
import { holds, resolve } from "./intrinsics.ts";
import type { Resource, Templates } from "./templates.ts";

/** A resource with its intrinsic functions worked out, and where it stands. */
type Found<Properties> = {
  stack: string;
  id: string;
  resource: Resource;
  properties: Properties;
};

/**
 * The resources of one type in all stacks, their properties worked out and checked by `schema`: the
 * one way by which the readers of the assembly look at them. Those whose condition does not hold
 * are left out. Throws for one that is of another form.
 */
export function* findResources<Properties>(
  templates: Templates,
  type: string,
  schema: z.ZodType<Properties>,
): Generator<Found<Properties>> {
  for (const [stack, template] of templates.stacks) {
    for (const [id, resource] of Object.entries(template.Resources ?? {})) {
      if (resource.Type !== type) continue;
      if (resource.Condition && !holds(templates, stack, resource.Condition)) continue;
      const resolved = resolve(templates, stack, resource.Properties ?? {});
      const checked = schema.safeParse(resolved);
      if (!checked.success) {
        const reason = z.prettifyError(checked.error);
        throw new Error(`${type} ${stack}/${id} is not of a form that the runner knows: ${reason}`);
      }
      yield { stack, id, resource, properties: checked.data };
    }
  }
}
