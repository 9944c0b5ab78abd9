import { Ticket } from "../../../domain/log/ticket.ts";
import { hashOfSecret } from "../../auth/secret.ts";
import { deleteIf, getRawItem, parseItem, putItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction, type Reply } from "../../table/transact.ts";

/**
 * Stores a new ticket under the hash of its text, in one transaction with the reply to its call.
 */
export async function recordTicket<Answer>(
  text: string,
  ticket: Ticket,
  reply: Reply<Answer>,
): Promise<Answer> {
  await commitTransaction(
    [{ Put: { Item: { ...key.ticket(hashOfSecret(text)), ...ticket } } }],
    reply,
  );
  return reply.answer;
}

/** Stores a new ticket under the hash of its text. */
export const putTicket = (text: string, ticket: Ticket): Promise<void> =>
  putItem({ ...key.ticket(hashOfSecret(text)), ...ticket });

/**
 * Removes and returns the ticket with this text. Only one of two concurrent callers gets it.
 * Undefined if it was used, has expired or never existed. If the response is lost, the ticket is
 * used up. Reads first, so that invented tickets cost no write.
 */
export async function takeTicket(text: string, now: Date): Promise<Ticket | undefined> {
  const place = key.ticket(hashOfSecret(text));
  if ((await getRawItem(place, { consistent: true })) === undefined) return undefined;
  const item = await deleteIf(place, {
    ConditionExpression: "attribute_exists(PK)",
  });
  const ticket = item && parseItem(Ticket, item);
  return ticket && ticket.goodUntil > now.getTime() ? ticket : undefined;
}
