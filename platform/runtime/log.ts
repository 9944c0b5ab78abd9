import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { Logger } from "@aws-lambda-powertools/logger";
import { Maintenance } from "../../domain/refusal.ts";
import { runningVersion } from "./env.ts";

let logger: Logger | undefined;

/** The structured log of this function: one JSON object per line, as CloudWatch expects. */
const log = () => {
  logger ??= new Logger({ serviceName: "ovation" });
  return logger;
};

/** The request id of the current call, to find everything that was done for it. */
function whose(): { requestId?: string } {
  const requestId = correlationId();
  return requestId === undefined ? {} : { requestId };
}

/**
 * The metric of a fault by version: deployments roll back a version with faults
 * (lib/api/canaries.ts). Only functions with an alias have versions.
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
 * Logs a fault with its cause and source lines. Log each fault once. Never pass a token, a key or a
 * whole event. Writes that fail because the stage is read-only are not faults.
 */
export function logFault(message: string, error: unknown, facts: Record<string, unknown> = {}) {
  if (error instanceof Maintenance) return;
  const cause = withReadableStack(error instanceof Error ? error : new Error(String(error)));
  log().error(message, { ...whose(), ...facts, ...countedByVersion(), error: cause });
}

/** Logs a line of metrics in CloudWatch's embedded metric format. */
export function logMetrics(line: Record<string, unknown>) {
  log().info("Metrics", line);
}

/** Logs something for operators that needs no action. */
export function logNotice(message: string, facts: Record<string, unknown> = {}) {
  log().info(message, { ...whose(), ...facts });
}

/** A position in a bundle, as V8 writes it: `/var/task/index.cjs:84:1234`. */
const place = /((?:\/[^\s():]+)+\.cjs):(\d+):(\d+)/g;

/** Source maps that were read, as long as memory allows: faults come in storms. */
const maps = new Map<string, WeakRef<SourceMap>>();

/** The source map of a bundle, which takes some 30 ms to read; undefined if there is none. */
function mapOf(bundle: string): SourceMap | undefined {
  const known = maps.get(bundle)?.deref();
  const file = `${bundle}.map`;
  if (known !== undefined || !existsSync(file)) return known;
  const map = new SourceMap(JSON.parse(readFileSync(file, "utf8")) as SourceMapPayload);
  maps.set(bundle, new WeakRef(map));
  return map;
}

/**
 * Translates a stack from the bundle to source files and lines. Reads the map only when a fault is
 * logged; Node's `--enable-source-maps` would read it at each cold start.
 */
function withSources(stack: string): string {
  return stack.replace(place, (written, bundle: string, line: string, column: string) => {
    const origin = mapOf(bundle)?.findOrigin(Number(line), Number(column));
    if (origin === undefined || !("fileName" in origin)) return written;
    const file = origin.fileName.replace(/^(\.\.\/)+/, "");
    return `${file}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/**
 * The same error with a readable stack, for errors thrown to Lambda, which logs them. Values other
 * than errors are returned unchanged.
 */
export function withReadableStack<E>(error: E): E {
  if (error instanceof Error && error.stack !== undefined) error.stack = withSources(error.stack);
  return error;
}

let current: string | undefined;

/**
 * Sets the current call: the `x-request-id` of its response, or undefined if no caller waits. State
 * is per process, because Lambda gives an environment one event at a time.
 */
export function setCorrelation(requestId: string | undefined): void {
  current = requestId;
}

/** The request id of the current call; undefined if there is none. */
export const correlationId = () => current;

/**
 * Names a contract's handler after its route, command or queue, so that stack traces show it; the
 * handlers of the route table are anonymous.
 */
export function withFunctionName<F extends (...values: never[]) => unknown>(
  handle: F,
  name: string,
): F {
  return Object.defineProperty(handle, "name", { value: name });
}
