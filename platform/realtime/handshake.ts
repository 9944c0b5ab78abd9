import * as z from "zod";
import { isOverlay, StreamId } from "../../domain/id.ts";
import { type Position, parsePosition } from "../../domain/log/recovery.ts";
import type { Caller } from "../auth/caller.ts";
import { sentenceOf } from "../http/envelope.ts";
import { header } from "../http/request.ts";
import { recordNewUser } from "../store/people/profile-changes.ts";
import type { SocketEvent } from "./socket.ts";
import type { admitSocket } from "./socket-limit.ts";
import type { HandshakeQuery } from "./subscription.ts";

/**
 * Records a new user whose token opened a socket, once the socket is admitted; a ticket's user was
 * recorded when the ticket was requested.
 */
export async function noteUser(
  caller: Caller,
  admission: ReturnType<typeof admitSocket>,
  now: Date,
): Promise<void> {
  const { userId, claims } = caller;
  if (caller.isByTicket || isOverlay(userId)) return;
  const isValid = async () => (await admission) === "admitted";
  await recordNewUser(userId, claims, now, { ...caller, isValid }, { consistent: true });
}

/**
 * The response to an accepted handshake. It names the subprotocol `bearer`, which carries the
 * token, only if the client offered it.
 */
export function acceptHandshake(headers: SocketEvent["headers"]) {
  const offer = header({ headers: headers ?? {} }, "sec-websocket-protocol") ?? "";
  const isBearer = offer.split(",").some((name) => name.trim().toLowerCase() === "bearer");
  return { statusCode: 200, ...(isBearer && { headers: { "Sec-WebSocket-Protocol": "bearer" } }) };
}

/**
 * Whether the handshake's Origin may connect (RFC 6455, 10.2): one of the stage's origins, or the
 * same host. Clients without an Origin are not browsers and may connect; the opaque origin `null`
 * may not.
 */
export function isPageAllowed(
  headers: SocketEvent["headers"],
  origins: readonly string[],
): boolean {
  const named = { headers: headers ?? {} };
  const origin = header(named, "origin");
  if (origin === undefined || origins.includes("*") || origins.includes(origin)) return true;
  const host = header(named, "host");
  return host !== undefined && /^https?:\/\/(.+)$/.exec(origin)?.[1] === host;
}

const Query = z.object({
  streamId: StreamId.optional(),
  since: z
    .string()
    .transform((text, { addIssue }): Position => {
      const position = parsePosition(text);
      if (position === undefined) addIssue("expected <epoch>:<frame>");
      return position ?? z.NEVER;
    })
    .optional(),
  frame: z.literal("compact", { error: "expected compact" }).optional(),
  moves: z.literal("1", { error: "expected 1" }).optional(),
});

/** Parses the query of a handshake; invalid input becomes a `refusal`. */
export function readQuery(query: SocketEvent["queryStringParameters"]): HandshakeQuery {
  const parsed = Query.safeParse(query ?? {});
  if (parsed.success) {
    const { frame, moves, ...subscription } = parsed.data;
    return {
      ...subscription,
      ...(frame !== undefined && { compact: true }),
      ...(moves !== undefined && { moves: true }),
    };
  }
  const details = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const errors = [sentenceOf[400]!, ...details];
  return { refusal: { statusCode: 400, code: "request_invalid", errors } };
}
