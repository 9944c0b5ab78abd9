import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { type Position, parsePosition } from "../../domain/log/recovery.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import { sentenceOf } from "../http/envelope.ts";
import { header } from "../http/request.ts";
import type { SocketEvent } from "./socket.ts";

/**
 * What a handshake that is accepted is answered: the subprotocol by which a token comes is named
 * only to a client that offers it.
 */
export function acceptHandshake(headers: SocketEvent["headers"]) {
  const offer = header({ headers: headers ?? {} }, "sec-websocket-protocol") ?? "";
  const isBearer = offer.split(",").some((name) => name.trim().toLowerCase() === "bearer");
  return { statusCode: 200, ...(isBearer && { headers: { "Sec-WebSocket-Protocol": "bearer" } }) };
}

/**
 * Whether a handshake's page may connect (RFC 6455, 10.2): one of the stage's origins, or a page of
 * the host that it connects to. A client without an origin is no browser. An opaque one, `null`, is
 * nobody's.
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

/** What a URL asks for besides the token. */
type HandshakeQuery = {
  streamId?: string | undefined;
  since?: Position | undefined;
  compact?: boolean;
  /** Whether the client follows a stream to where it is served. */
  moves?: boolean;
  /** Why it is refused: in a message, since bad input never closes a socket. */
  refusal?: { statusCode: number; code: RefusalCode; errors: string[] };
};

/** Reads the query of a handshake; bad input becomes a refusal in it. */
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
