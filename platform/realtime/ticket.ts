import { makeTicket } from "../../domain/log/ticket.ts";
import type { Caller } from "../auth/caller.ts";
import { newSecret } from "../auth/secret.ts";
import { putTicket, takeTicket } from "../store/log/tickets.ts";

/** A ticket's text; anything else is not looked for. */
const form = /^[A-Za-z0-9_-]{43}$/;

/**
 * Who opens a socket with a ticket, which is used up by it: the user who asked for it, for as long
 * as their token lives and for the stream that they named. Undefined for one that is not good.
 */
export async function ticketCaller(text: string, now: Date): Promise<Caller | undefined> {
  const ticket = form.test(text) ? await takeTicket(text, now) : undefined;
  if (ticket === undefined) return undefined;
  const { userId, roles = [], streamId, tokenExpiresAt, tokenIssuedAt, tokenId } = ticket;
  const token = { expiresAt: tokenExpiresAt, issuedAt: tokenIssuedAt, tokenId };
  // The profile was written when the ticket was asked for.
  const opened = { userId, roles, claims: {}, ...token, isByTicket: true };
  return { ...opened, ...(streamId && { streamId }) };
}

/** Another ticket for a caller who opened a socket with one: same user, token and stream. */
export async function nextTicket(caller: Caller, now: Date): Promise<string> {
  const text = newSecret();
  await putTicket(text, makeTicket(caller, caller.streamId, now));
  return text;
}
