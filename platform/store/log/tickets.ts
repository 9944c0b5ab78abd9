import { Ticket } from "../../../domain/log/ticket.ts";
import { hashOfSecret } from "../../auth/secret.ts";
import { deleteIf, getRawItem, putItem, read } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction, type Reply } from "../../table/transact.ts";

/** Records a new ticket under the hash of its text, with the reply to its call. */
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

/** Writes a new ticket under the hash of its text. */
export const putTicket = (text: string, ticket: Ticket): Promise<void> =>
  putItem({ ...key.ticket(hashOfSecret(text)), ...ticket });

/**
 * Takes the ticket with this text out of the table: only one of two concurrent callers gets it.
 * Undefined if it was used, has expired or never existed. A lost response uses it up. It is read
 * first, so that invented tickets cost no write.
 */
export async function takeTicket(text: string, now: Date): Promise<Ticket | undefined> {
  const place = key.ticket(hashOfSecret(text));
  if ((await getRawItem(place, { consistent: true })) === undefined) return undefined;
  const item = await deleteIf(place, {
    ConditionExpression: "attribute_exists(PK)",
  });
  const ticket = item && read(Ticket, item);
  return ticket && ticket.goodUntil > now.getTime() ? ticket : undefined;
}
