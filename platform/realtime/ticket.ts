import { makeTicket } from "../../domain/log/ticket.ts";
import type { Caller } from "../auth/caller.ts";
import { newSecret } from "../auth/secret.ts";
import { putTicket, takeTicket } from "../store/log/tickets.ts";

/** The form of a ticket; other texts are refused without a read. */
const form = /^[A-Za-z0-9_-]{43}$/;

/**
 * The caller of a socket with a ticket: the user who requested it, until their token expires,
 * limited to the requested stream if any. Uses the ticket up. Undefined if the ticket is not valid.
 */
export async function ticketCaller(text: string, now: Date): Promise<Caller | undefined> {
  const ticket = form.test(text) ? await takeTicket(text, now) : undefined;
  if (ticket === undefined) return undefined;
  const { userId, roles = [], streamId, tokenExpiresAt, tokenIssuedAt, tokenId } = ticket;
  const token = { expiresAt: tokenExpiresAt, issuedAt: tokenIssuedAt, tokenId };
  // The profile was written when the ticket was requested.
  const opened = { userId, roles, claims: {}, ...token, isByTicket: true };
  return { ...opened, ...(streamId && { streamId }) };
}

/** A further ticket for a caller who connected with one: same user, token and stream. */
export async function nextTicket(caller: Caller, now: Date): Promise<string> {
  const text = newSecret();
  await putTicket(text, makeTicket(caller, caller.streamId, now));
  return text;
}
