import * as z from "zod";
import { StreamId, UserId } from "../id.ts";
import { shownText, Timestamp } from "../text.ts";

/** Seconds within which a ticket must be used. */
export const ticketSeconds = 60;

/** The body that requests a ticket. With a stream, the socket is limited to that stream. */
export const NewTicket = z.object({ streamId: StreamId.nullish() });

/** A ticket as stored under the hash of its text, with the caller whose token requested it. */
export const Ticket = z.object({
  userId: UserId,
  roles: z.array(z.enum(["admin", "service"])).optional(),
  streamId: StreamId.optional(),
  /** The last time at which it opens a socket, in milliseconds since 1970. */
  goodUntil: z.number(),
  /** From the token, in seconds since 1970: a socket closes when its token expires. */
  tokenExpiresAt: z.number(),
  tokenIssuedAt: z.number(),
  tokenId: z.string(),
  /** When the table deletes it, in seconds since 1970. */
  expiresAt: z.number(),
});
export type Ticket = z.infer<typeof Ticket>;

/** The response with a new ticket, the only one that shows its text. */
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

/** What an Idempotency-Key stores of a `ShownTicket`: everything except the ticket. */
export const ticketReplay = {
  keep: (shown: ShownTicket): ShownTicket => ({ ...shown, ticket: null }),
};

/** The caller who requests a ticket. */
type Asking = {
  userId: string;
  roles?: readonly ("admin" | "service")[];
  expiresAt: number;
  issuedAt: number;
  tokenId: string;
};

/** Makes a ticket that is valid for a minute, but no longer than the token that requested it. */
export function makeTicket(
  { userId, roles = [], expiresAt: tokenExpiresAt, issuedAt: tokenIssuedAt, tokenId }: Asking,
  streamId: string | undefined,
  now: Date,
): Ticket {
  const goodUntil = Math.min(now.getTime() + ticketSeconds * 1000, tokenExpiresAt * 1000);
  const token = { tokenExpiresAt, tokenIssuedAt, tokenId };
  const expiresAt = Math.ceil(goodUntil / 1000);
  const who = { userId, roles: [...roles] };
  return { ...who, ...(streamId && { streamId }), goodUntil, ...token, expiresAt };
}
