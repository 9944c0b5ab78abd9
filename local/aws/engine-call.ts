import type { Dispatcher } from "undici";

type Body = Record<string, unknown>;

/**
 * The runner's own access to an engine, in this process or at an address: executes one operation,
 * such as `DynamoDB_20120810.GetItem`; a refusal is a response too.
 */
export type EngineCall = (target: string, body: Body) => Promise<EngineAnswer>;

type EngineAnswer = { status: number; body: Body };

/** Credentials in the SDK's form. */
export type EngineCredentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
};

/** An engine without authentication still expects credentials. */
export const anyCredentials: EngineCredentials = {
  accessKeyId: "ovation",
  secretAccessKey: "ovation",
};

/**
 * An engine without authentication accepts any signature: the endpoint in front of it has
 * authenticated the caller.
 */
const authorization =
  `AWS4-HMAC-SHA256 Credential=${anyCredentials.accessKeyId}/20260101/us-east-1/dynamodb/` +
  "aws4_request, SignedHeaders=host, Signature=0";

const connectionCountMax = 32;
const streamConnectionCountMax = 4;
const answerMillisecondsMax = 30_000;

/** Connects to the engine at an address; `close` ends the connections. */
export async function openEngineCalls(
  endpoint: string,
): Promise<{ call: EngineCall; close(): Promise<void> }> {
  // Loaded on demand: few use an external engine, but everyone waits for the start.
  const { Pool } = await import("undici");
  const openPool = (connections: number) =>
    new Pool(new URL(endpoint).origin, {
      connections,
      pipelining: 1,
      bodyTimeout: answerMillisecondsMax,
      headersTimeout: answerMillisecondsMax,
    });
  // Stream readers have separate connections, or many writers would block them.
  const pool = openPool(connectionCountMax);
  const streamPool = openPool(streamConnectionCountMax);
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
        const options = { method: "POST", path: "/", headers, body: JSON.stringify(body) } as const;
        chosen.dispatch(options, gatherAnswer(resolve, reject));
      });
    },
    async close() {
      await Promise.all([pool.destroy(), streamPool.destroy()]);
    },
  };
}

/** Avoids the streams of undici's `request`, which cost more than the rest of a call. */
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
    onResponseEnd() {
      const text = Buffer.concat(chunks).toString("utf8");
      try {
        resolve({ status, body: JSON.parse(text) });
      } catch {
        reject(new Error(`The database engine answered ${status} without JSON: ${text}`));
      }
    },
    onResponseError: (_controller, error) => reject(error),
  };
}
