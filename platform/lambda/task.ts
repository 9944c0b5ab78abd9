import type * as z from "zod";
import { beginInvocation, type TimeLeft } from "../runtime/deadline.ts";
import { withFunctionName, withReadableStack } from "../runtime/log.ts";
import { withMetrics } from "../runtime/metrics.ts";
import type { Grants, Resources } from "./grants.ts";

/** The contract of a function that one of our other functions invokes and waits for. */
export type TaskContract = {
  kind: "task";
  summary: string;
  /** Its input: the event itself. */
  body: z.ZodType;
  /** Its result. */
  answer: z.ZodType;
  grants: Grants;
} & Resources;

/**
 * A function that does a part of another function's work. Its caller waits for the result and
 * decides what a failure means: an exception, including one about the input, reaches the caller
 * (Lambda answers 200 with `X-Amz-Function-Error`).
 * https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export function task<const C extends Omit<TaskContract, "kind">>(
  declaration: C,
  handle: (body: z.output<C["body"]>, now: Date) => Promise<z.input<C["answer"]>>,
) {
  const contract = { kind: "task", ...declaration } as C & { kind: "task" };
  withFunctionName(handle, "task");

  async function handler(event: unknown, context?: TimeLeft): Promise<z.input<C["answer"]>> {
    beginInvocation(context);
    try {
      return await handle(contract.body.parse(event) as z.output<C["body"]>, new Date());
    } catch (error) {
      throw withReadableStack(error);
    }
  }

  return { contract, handler: withMetrics(handler) };
}
