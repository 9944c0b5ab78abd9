import { Readable } from "node:stream";
import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import type { Aws } from "../../local/aws/index.ts";
import type { CallAnswer } from "../../local/model.ts";

/** The transports of a function's calls to the local AWS, which must behave the same. */
export const transports = ["sockets", "messages"] as const;
export type Transport = (typeof transports)[number];

type Request = { method: string; path: string; headers: Record<string, string>; body: string };

/** Makes an SDK client use one of the transports, with a timeout. */
function handlerOf(
  transport: Transport,
  aws: Aws,
  requestTimeout: number,
): NonNullable<DynamoDBClientConfig["requestHandler"]> {
  if (transport === "sockets") return { requestTimeout, throwOnRequestTimeout: true };
  const handle = async ({ method, path, headers, body }: Request) => {
    const call = { method, url: path, headers, body };
    const answer = await new Promise<CallAnswer>((resolve, reject) => {
      setTimeout(reject, requestTimeout, named("TimeoutError")).unref();
      aws.doCalls(
        [call],
        (_at, said) => resolve(said),
        () => false,
      );
    });
    if (answer === "lost") throw named("TimeoutError");
    const stream = Readable.from([Buffer.from(answer.body)]);
    const { status: statusCode, headers: told = {} } = answer;
    return { response: { statusCode, headers: told, body: stream } };
  };
  return { handle, metadata: { handlerProtocol: "http/1.1" } } as never;
}

/** A client of the table through one of the transports, as the function `name`, without retries. */
export const connectBy = (transport: Transport, aws: Aws, name: string, requestTimeout: number) =>
  new DynamoDBClient({
    endpoint: aws.endpointUrl,
    region: "us-east-1",
    credentials: aws.credentialsFor(name),
    maxAttempts: 1,
    requestHandler: handlerOf(transport, aws, requestTimeout),
  });

/** Calls a route that the local AWS adds to the gateway. */
export async function callRoute(aws: Aws, method: string, path: string, body?: unknown) {
  const found = aws.routes.find((one) => one.method === method && one.path === path);
  if (!found) throw new Error(`no route ${method} ${path}`);
  return (await found.handler({ body })) as { status: number; body: never };
}

const named = (name: string) => Object.assign(new Error(name), { name });
