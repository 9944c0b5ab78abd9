import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { type Position, parsePosition } from "../../domain/log/position.ts";
import { sentenceOf } from "../http/envelope.ts";
import { header } from "../http/request.ts";
import type { SocketEvent } from "./socket.ts";

/** Whether the client offers the subprotocol by which a token comes; only then it is answered. */
export function offersBearer(headers: SocketEvent["headers"]): boolean {
  const offered = header({ headers: headers ?? {} }, "sec-websocket-protocol") ?? "";
  return offered.split(",").some((name) => name.trim().toLowerCase() === "bearer");
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
});

/** What a URL asks for beside the token. */
type Wish = {
  streamId?: string | undefined;
  since?: Position | undefined;
  compact?: boolean;
  /** Why it cannot be: said by a message, since bad input never closes a socket. */
  refusal?: { statusCode: number; errors: string[] };
};

/** Reads the query of a handshake; what cannot be is a refusal in the wish. */
export function readWish(query: SocketEvent["queryStringParameters"]): Wish {
  const parsed = Query.safeParse(query ?? {});
  if (parsed.success) {
    const { frame, ...rest } = parsed.data;
    return frame === undefined ? rest : { ...rest, compact: true };
  }
  const details = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  return { refusal: { statusCode: 400, errors: [sentenceOf[400]!, ...details] } };
}
