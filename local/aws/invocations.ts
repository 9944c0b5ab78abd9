import type { Invoke, Stage } from "../model.ts";
import { AwsFailure, type Prepare } from "./failure.ts";

/** Lambda's limit for an invocation's payload, in bytes. */
const requestBytesMax = 6 * 1024 * 1024;

/** Lambda's Invoke with a response: `POST /2015-03-31/functions/<name or ARN>/invocations`. */
export function createInvocationCalls(stage: Stage, invoke: Invoke): Prepare {
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
    if (kind !== "RequestResponse") {
      const message = `The local endpoint does not have invocations of the type ${kind}`;
      throw new AwsFailure(400, "InvalidParameterValueException", message);
    }
    if (request.body.byteLength > requestBytesMax) {
      const message = `Request must be smaller than ${requestBytesMax} bytes`;
      throw new AwsFailure(413, "RequestTooLargeException", message);
    }
    const event = readEvent(request.body);
    return {
      access: [{ action: "lambda:InvokeFunction", resource: called.arn }],
      keys: () => [called.name],
      itemCount: 1,
      async run() {
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
