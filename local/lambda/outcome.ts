import { BodyBytes } from "../body-bytes.ts";
import type { InvocationResult } from "../model.ts";
import type { WorkerMessage } from "./worker-thread.ts";

/** Lambda's limit of a response. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const payloadBytesMax = 6 * 1024 * 1024;

/** The outcome of one task of a thread. */
export type Outcome = { result: InvocationResult; stack?: string };

/** The outcome of a task that failed. */
export function failed(errorType: string, errorMessage: string, stack?: string): Outcome {
  return { result: { ok: false, error: { errorType, errorMessage } }, ...(stack && { stack }) };
}

/** The outcome that a thread reported. */
export function readOutcome(
  message: Extract<WorkerMessage, { kind: "loaded" | "answer" | "error" }>,
): Outcome {
  if (message.kind === "error")
    return failed(message.errorType, message.errorMessage, message.stack);
  if (message.kind === "loaded" || message.payload === undefined)
    return { result: { ok: true, payload: null } };
  const { payload, payloadBytes, body } = message;
  if (payloadBytes > payloadBytesMax)
    return failed(
      "Function.ResponseSizeTooLarge",
      `Response payload size exceeded maximum allowed payload size (${payloadBytesMax} bytes).`,
    );
  const read = JSON.parse(payload);
  const whole = body === undefined ? read : { ...read, body: new BodyBytes(body) };
  return { result: { ok: true, payload: whole } };
}
