import { Logger } from "@aws-lambda-powertools/logger";

let logger: Logger | undefined;

/** The structured log of this function: one JSON object a line, as CloudWatch reads it. */
const log = () => {
  logger ??= new Logger({ serviceName: "ovation" });
  return logger;
};

/** A fault of ours, told once with its cause. Never give it a token, a key or a whole event. */
export function logFault(message: string, error: unknown, facts: Record<string, unknown> = {}) {
  log().error(message, {
    ...facts,
    error: error instanceof Error ? error : new Error(String(error)),
  });
}

/** Something that an operator may want to know, without anybody having to act. */
export function logNotice(message: string, facts: Record<string, unknown> = {}) {
  log().info(message, facts);
}
