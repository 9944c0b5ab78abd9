import { setTimeout as sleep } from "node:timers/promises";
import type { Invoke, Stage } from "../model.ts";
import { AwsFailure, type Prepare } from "./failure.ts";

/** Lambda's limits for an invocation's payload, in bytes. */
const requestBytesMax = 6 * 1024 * 1024;
const eventBytesMax = 1024 * 1024;
/** Lambda retries an asynchronous event twice, after minutes; the runner retries sooner. */
const retryMilliseconds = [1000, 2000];

/** Lambda's Invoke: `POST /2015-03-31/functions/<name or ARN>/invocations`. */
export function createInvocationCalls(
  stage: Stage,
  invoke: Invoke,
  log: (line: string) => void,
): Prepare {
  return (request) => {
    const wanted = request.path[2] ?? "";
    const called = Object.values(stage.functions).find((one) =>
      [one.name, one.arn].includes(wanted),
    );
    if (!called) {
      const message = `Function not found: ${wanted}`;
      throw new AwsFailure(404, "ResourceNotFoundException", message);
    }
    const kind = String(request.headers["x-amz-invocation-type"] ?? "RequestResponse");
    const bytesMax = kind === "Event" ? eventBytesMax : requestBytesMax;
    if (request.body.byteLength > bytesMax) {
      const message = `Request must be smaller than ${bytesMax} bytes`;
      throw new AwsFailure(413, "RequestTooLargeException", message);
    }
    const event = readEvent(request.body);
    return {
      access: [{ action: "lambda:InvokeFunction", resource: called.arn }],
      keys: () => [called.name],
      itemCount: 1,
      async run() {
        if (kind === "DryRun") return { status: 204, body: "" };
        if (kind === "Event") {
          void runLater(invoke, called.name, event, log);
          return { status: 202, body: "" };
        }
        const result = await invoke(called.name, event);
        const headers = { "content-type": "application/json", "x-amz-executed-version": "$LATEST" };
        return result.ok
          ? { status: 200, headers, body: JSON.stringify(result.payload ?? null) }
          : {
              status: 200,
              headers: { ...headers, "x-amz-function-error": "Unhandled" },
              body: JSON.stringify(result.error),
            };
      },
    };
  };
}

function readEvent(body: Buffer): unknown {
  try {
    return body.byteLength === 0 ? {} : JSON.parse(body.toString("utf8"));
  } catch {
    const message = "Could not parse request body into json";
    throw new AwsFailure(400, "InvalidRequestContentException", message);
  }
}

async function runLater(
  invoke: Invoke,
  name: string,
  event: unknown,
  log: (line: string) => void,
): Promise<void> {
  for (const wait of [...retryMilliseconds, undefined]) {
    const result = await invoke(name, event);
    if (result.ok) return;
    if (wait === undefined) log(`${name}: event given up: ${result.error.errorMessage}`);
    else await sleep(wait, undefined, { ref: false });
  }
}
