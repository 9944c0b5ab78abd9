import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { Logger } from "@aws-lambda-powertools/logger";
import { Maintenance } from "../../domain/refusal.ts";
import { runningVersion } from "./env.ts";

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
 * Counts a fault in the line that tells of it, by the version that has it: what a new version is
 * taken back for (lib/api/release.ts). Only functions with an alias have versions.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function countedByVersion(): Record<string, unknown> {
  const running = runningVersion();
  if (running.ExecutedVersion === "$LATEST") return {};
  const directive = {
    Namespace: "Ovation",
    Dimensions: [["FunctionName", "ExecutedVersion"]],
    Metrics: [{ Name: "Faults", Unit: "Count" }],
  };
  const _aws = { Timestamp: Date.now(), CloudWatchMetrics: [directive] };
  return { _aws, ...running, Faults: 1 };
}

/**
 * A fault of ours, logged once with its cause and the lines of the sources that led there. Never
 * give it a token, a key or a whole event. What fails since the data is read-only is no fault.
 */
export function logFault(message: string, error: unknown, facts: Record<string, unknown> = {}) {
  if (error instanceof Maintenance) return;
  const cause = withReadableStack(error instanceof Error ? error : new Error(String(error)));
  log().error(message, { ...whose(), ...facts, ...countedByVersion(), error: cause });
}

/** A line that is metrics, in the form that CloudWatch takes them from. */
export function logMetrics(line: Record<string, unknown>) {
  log().info("Metrics", line);
}

/** Something that an operator may want to know, without anybody having to act. */
export function logNotice(message: string, facts: Record<string, unknown> = {}) {
  log().info(message, { ...whose(), ...facts });
}

/** A place in a bundle, as V8 writes it: `/var/task/index.cjs:84:1234`. */
const place = /((?:\/[^\s():]+)+\.cjs):(\d+):(\d+)/g;

/** The source map of a bundle; undefined where there is none. */
function readMap(bundle: string): SourceMap | undefined {
  const file = `${bundle}.map`;
  if (!existsSync(file)) return undefined;
  return new SourceMap(JSON.parse(readFileSync(file, "utf8")) as SourceMapPayload);
}

/**
 * A stack with the files and lines of the sources in place of those of the bundle. The map is read
 * only when there is a fault to log: Node's own `--enable-source-maps` reads it at each cold start.
 */
function withSources(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  return stack.replace(place, (written, bundle: string, line: string, column: string) => {
    if (!maps.has(bundle)) maps.set(bundle, readMap(bundle));
    const origin = maps.get(bundle)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return written;
    const file = origin.fileName.replace(/^(\.\.\/)+/, "");
    return `${file}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/**
 * The same error, whose stack names the sources: for one that is thrown to Lambda, which logs it by
 * itself. What is not an error has no stack and stays as it is.
 */
export function withReadableStack<E>(error: E): E {
  if (error instanceof Error && error.stack !== undefined) error.stack = withSources(error.stack);
  return error;
}

let current: string | undefined;

/**
 * Says whose call is handled from now on: the `x-request-id` of its answer, or nobody's, where no
 * caller waits. One for the process, since Lambda gives an environment one event at a time.
 */
export function setCorrelation(requestId: string | undefined): void {
  current = requestId;
}

/** The request id of the call that is handled; undefined where it is nobody's. */
export const correlationId = () => current;

/**
 * Gives the function that handles a contract's calls the name that a stack shows: what calls it, be
 * that a route, a command or a queue. The handlers of the route table are written without a name,
 * and a bundle would not keep one.
 */
export function named<F extends (...values: never[]) => unknown>(handle: F, name: string): F {
  return Object.defineProperty(handle, "name", { value: name });
}
