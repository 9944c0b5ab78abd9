import { Ticket } from "../../../domain/log/ticket.ts";
import { hashOfSecret } from "../../secret.ts";
import { deleteIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { type Reply, record } from "../../table/record.ts";
import { read } from "../../table/table.ts";

/** Records a new ticket below the hash of its text, with the reply to its call. */
export async function recordTicket<Answer>(
  text: string,
  ticket: Ticket,
  reply: Reply<Answer>,
): Promise<Answer> {
  await record([{ Put: { Item: { ...key.ticket(hashOfSecret(text)), ...ticket } } }], reply);
  return reply.answer;
}

/**
 * Takes the ticket with this text out of the table: of two that ask at once one gets it. Undefined
 * where it was used, has expired or was never made. An answer that is lost uses it up.
 */
export async function takeTicket(text: string, now: Date): Promise<Ticket | undefined> {
  const item = await deleteIf(key.ticket(hashOfSecret(text)), {
    ConditionExpression: "attribute_exists(PK)",
  });
  const ticket = item && read(Ticket, item);
  return ticket && ticket.goodUntil > now.getTime() ? ticket : undefined;
}
