/** The runner's own way to the engine: what it forwards should cost as little as it can. */
import { type Dispatcher, Pool } from "undici";

/** Sends one operation as it is, such as `DynamoDB_20120810.GetItem`, and gives the raw answer. */
export type EngineCall = (target: string, body: string | Uint8Array) => Promise<EngineAnswer>;

/** An answer as it came: its bytes are looked into by those alone who have to. */
export type EngineAnswer = { status: number; body: Buffer };

/** Any signature does for the engine: the endpoint in front of it has looked at the caller. */
const authorization =
  "AWS4-HMAC-SHA256 Credential=ovation/20260101/us-east-1/dynamodb/aws4_request, " +
  "SignedHeaders=host, Signature=0";

const connectionCountMax = 32;
const streamConnectionCountMax = 4;
const answerMillisecondsMax = 30_000;

/** Makes the calls to one engine; `close` ends their connections. */
export function openEngineCalls(endpoint: string): { call: EngineCall; close(): Promise<void> } {
  // Readers of the stream have connections of their own, or a crowd of writers would hold them up.
  const pool = openPool(endpoint, connectionCountMax);
  const streamPool = openPool(endpoint, streamConnectionCountMax);
  return {
    call(target, body) {
      const chosen = target.startsWith("DynamoDBStreams") ? streamPool : pool;
      const headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "x-amz-date": "20260101T000000Z",
        authorization,
      };
      return new Promise((resolve, reject) => {
        const options = { method: "POST", path: "/", headers, body } as const;
        chosen.dispatch(options, gatherAnswer(resolve, reject));
      });
    },
    async close() {
      await Promise.all([pool.destroy(), streamPool.destroy()]);
    },
  };
}

function openPool(endpoint: string, connections: number): Pool {
  return new Pool(new URL(endpoint).origin, {
    connections,
    pipelining: 1,
    bodyTimeout: answerMillisecondsMax,
    headersTimeout: answerMillisecondsMax,
  });
}

/** Without the streams of undici's `request`, which cost more than the rest of a call. */
function gatherAnswer(
  resolve: (answer: EngineAnswer) => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  const chunks: Buffer[] = [];
  let status = 0;
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      status = statusCode;
    },
    onResponseData(_controller, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd: () => resolve({ status, body: Buffer.concat(chunks) }),
    onResponseError: (_controller, error) => reject(error),
  };
}
