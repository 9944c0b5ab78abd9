import * as z from "zod";
import { StreamId, UserId } from "../id.ts";
import { shownText, Timestamp } from "../text.ts";

/** Seconds from its making within which a ticket opens a socket. */
export const ticketSeconds = 60;

/** What a ticket is asked with; with a stream, its socket is for that stream alone. */
export const NewTicket = z.object({ streamId: StreamId.nullish() });

/** A ticket as stored, below the hash of its text: the caller whose token asked for it. */
export const Ticket = z.object({
  userId: UserId,
  roles: z.array(z.enum(["admin", "service"])).optional(),
  streamId: StreamId.optional(),
  /** The last moment at which it opens a socket, in milliseconds since 1970. */
  goodUntil: z.number(),
  /** Of the token, in seconds since 1970: a socket lives no longer than the token. */
  tokenExpiresAt: z.number(),
  tokenIssuedAt: z.number(),
  tokenId: z.string(),
  /** Seconds since 1970, when the table forgets it. */
  expiresAt: z.number(),
});
export type Ticket = z.infer<typeof Ticket>;

/** The answer that shows a ticket, this once. */
export const ShownTicket = z
  .object({
    ticket: shownText(100).nullable().meta({
      description: "Shown only once; null in a replayed response (Idempotency-Key)",
      example: "Zm9ydHktdGhyZWUgY2hhcmFjdGVycyBvZiBiYXNlNjQ",
    }),
    expiresAt: Timestamp,
  })
  .meta({ id: "Ticket" });
type ShownTicket = z.infer<typeof ShownTicket>;

/** What is remembered of that answer: all but the ticket. */
export const ticketMemory = {
  keep: (shown: ShownTicket): ShownTicket => ({ ...shown, ticket: null }),
};

/** Whose token asks for a ticket. */
type Asking = {
  userId: string;
  roles?: readonly ("admin" | "service")[];
  expiresAt: number;
  issuedAt: number;
  tokenId: string;
};

/** A new ticket: good for a minute, and no longer than the token that asks for it. */
export function makeTicket(
  { userId, roles = [], expiresAt: tokenExpiresAt, issuedAt: tokenIssuedAt, tokenId }: Asking,
  streamId: string | undefined,
  now: Date,
): Ticket {
  const goodUntil = Math.min(now.getTime() + ticketSeconds * 1000, tokenExpiresAt * 1000);
  const token = { tokenExpiresAt, tokenIssuedAt, tokenId };
  const expiresAt = Math.ceil(goodUntil / 1000);
  const who = { userId, ...(roles.length > 0 && { roles: [...roles] }) };
  return { ...who, ...(streamId && { streamId }), goodUntil, ...token, expiresAt };
}
