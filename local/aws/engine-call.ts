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

const answerMillisecondsMax = 30_000;

/** Calls the engine at an address. */
export function callEngineAt(endpoint: string): EngineCall {
  const url = new URL("/", endpoint);
  return async (target, body) => {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": target,
        "x-amz-date": "20260101T000000Z",
        authorization,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(answerMillisecondsMax),
    });
    const { status } = response;
    const text = await response.text();
    try {
      return { status, body: JSON.parse(text) };
    } catch {
      throw new Error(`The database engine answered ${status} without JSON: ${text}`);
    }
  };
}
