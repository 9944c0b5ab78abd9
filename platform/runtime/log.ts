import { Logger } from "@aws-lambda-powertools/logger";
import { correlationId } from "./correlation.ts";
import { withReadableStack } from "./stack.ts";

let logger: Logger | undefined;

/** The structured log of this function: one JSON object a line, as CloudWatch reads it. */
const log = () => {
  logger ??= new Logger({ serviceName: "ovation" });
  return logger;
};

/** The request id of the call that is handled, by which all that was done for it is found. */
function whose(): { requestId?: string } {
  const requestId = correlationId();
  return requestId === undefined ? {} : { requestId };
}

/**
 * A fault of ours, logged once with its cause and the lines of the sources that led there. Never
 * give it a token, a key or a whole event.
 */
export function logFault(message: string, error: unknown, facts: Record<string, unknown> = {}) {
  const cause = withReadableStack(error instanceof Error ? error : new Error(String(error)));
  log().error(message, { ...whose(), ...facts, error: cause });
}

/** A line that is metrics, in the form that CloudWatch takes them from. */
export function logMetrics(line: Record<string, unknown>) {
  log().info("Metrics", line);
}

/** Something that an operator may want to know, without anybody having to act. */
export function logNotice(message: string, facts: Record<string, unknown> = {}) {
  log().info(message, { ...whose(), ...facts });
}
