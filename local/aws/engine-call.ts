type Body = Record<string, unknown>;

/**
 * The runner's own access to an engine, in this process or at an address: executes one operation,
 * such as `DynamoDB_20120810.GetItem`; a refusal is a response too.
 */
export type EngineCall = (target: string, body: Body) => Promise<{ status: number; body: Body }>;

/** Credentials in the SDK's form. */
export type Credentials = {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
};

/** An engine without authentication still expects credentials. */
export const anyCredentials: Credentials = {
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

const connectionsMax = 32;
const answerMillisecondsMax = 30_000;

/** Calls the engine at an address; further calls wait while all connections are in use. */
export function callEngineAt(endpoint: string): EngineCall {
  const limits = { headersTimeout: answerMillisecondsMax, bodyTimeout: answerMillisecondsMax };
  // Loaded on demand: few use another engine, but everyone waits for the start.
  const opened = import("undici").then(
    ({ Pool }) => new Pool(new URL(endpoint).origin, { connections: connectionsMax, ...limits }),
  );
  return async (target, body) => {
    const pool = await opened;
    const response = await pool.request({
      method: "POST",
      path: "/",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "x-amz-date": "20260101T000000Z",
        authorization,
      },
      body: JSON.stringify(body),
    });
    const { statusCode: status } = response;
    const text = await response.body.text();
    try {
      return { status, body: JSON.parse(text) };
    } catch {
      throw new Error(`The database engine answered ${status} without JSON: ${text}`);
    }
  };
}
