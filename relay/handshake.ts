import type { IncomingMessage } from "node:http";
import { handler as authorize } from "../functions/people/auth/socket.ts";
import type { Caller } from "../platform/auth/caller.ts";
import { callerOf } from "../platform/auth/caller.ts";
import { logFault } from "../platform/runtime/log.ts";
import type { createRoutes } from "./routes.ts";

/**
 * The user and subprotocol of an accepted handshake, or the status of a refused one, with the user
 * if it was known.
 */
type Verdict =
  | { statusCode: 200; caller: Caller; protocol: string | undefined }
  | { statusCode: RefusedStatus; caller?: Caller };

type RefusedStatus = 400 | 401 | 403 | 429 | 500 | 503;

/** A handshake's headers and query in the form of a Lambda event. */
export type Handshake = {
  headers: Record<string, string>;
  multiValueHeaders: null;
  queryStringParameters: Record<string, string>;
};

/** Parses a handshake. If a name is repeated the last value counts, as in API Gateway. */
export function readHandshake({ headers, url = "" }: IncomingMessage): Handshake {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const query = new URL(url, "http://relay").searchParams;
  return {
    headers: Object.fromEntries(texts),
    multiValueHeaders: null,
    queryStringParameters: Object.fromEntries(query),
  };
}

/** Calls the WebSocket API's authorizer, then its `$connect`; either may refuse. */
export async function answerHandshake(
  handshake: Handshake,
  { connectionId, connectedAt }: { connectionId: string; connectedAt: number },
  routes: ReturnType<typeof createRoutes>,
): Promise<Verdict> {
  let context: Record<string, unknown> | null | undefined;
  try {
    const answer = await authorize({ ...handshake, methodArn: "relay/connect" });
    if (answer.policyDocument.Statement[0]?.Effect !== "Allow") return { statusCode: 403 };
    ({ context } = answer);
  } catch (error) {
    // An authorizer reports an invalid token with exactly this message.
    return { statusCode: (error as Error).message === "Unauthorized" ? 401 : 500 };
  }
  const caller = callerOf(context);
  if (caller === undefined) return { statusCode: 401 };
  const about = { connectionId, connectedAt, authorizer: context ?? null };
  const answer = await routes
    .connect({ requestContext: { ...about, eventType: "CONNECT" }, ...handshake })
    .catch((error) => {
      logFault("A handshake failed", error);
      return { statusCode: 500 };
    });
  if (answer.statusCode !== 200) return { statusCode: answer.statusCode as RefusedStatus, caller };
  const { headers } = answer as { headers?: Record<string, string> };
  return { statusCode: 200, caller, protocol: headers?.["Sec-WebSocket-Protocol"] };
}
