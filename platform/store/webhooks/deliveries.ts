import { createHash } from "node:crypto";
import { refuse } from "../../../domain/refusal.ts";
import { Delivery, deliveryIdOf } from "../../../domain/webhooks/delivery.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { getItem, getItems, type Item, isAbsent, parseItem } from "../../table/items.ts";
import { dueIndex, type Key, key } from "../../table/keys.ts";
import { queryDue, queryItems } from "../../table/query.ts";
import { writeOnce } from "../../table/transact.ts";

/** The id of an event's delivery to a receiver. */
export const deliveryId = (receiverId: string, { id, at }: { id: string; at: string }) =>
  deliveryIdOf(at, createHash("sha256").update(`${receiverId} ${id}`).digest("hex"));

/** A delivery, read consistently; undefined if it no longer exists. */
export const findDelivery = (receiverId: string, id: string): Promise<Delivery | undefined> =>
  getItem(Delivery, key.delivery(receiverId, id), { consistent: true });

/** The delivery; refuses with `delivery_not_found`. */
export const getDelivery = async (receiverId: string, id: string): Promise<Delivery> =>
  (await findDelivery(receiverId, id)) ?? refuse("delivery_not_found", { deliveryId: id });

/** The deliveries to a receiver, newest events first. */
export async function listDeliveries(
  receiverId: string,
  limit: number,
  after?: string,
): Promise<Delivery[]> {
  const walk = { limit, newestFirst: true, ...(after !== undefined && { after }) };
  const items = await queryItems(key.delivery(receiverId, ""), "", walk);
  return items.map((item) => parseItem(Delivery, item));
}

/** A page of deliveries, and the id after which the next begins; undefined at the end. */
type PendingPage = { deliveries: Delivery[]; next: string | undefined };

/**
 * Up to `limit` pending deliveries to a receiver, sorted by id, after the id `after`. They may be
 * slightly out of date, so decide on what `changeDelivery` reads.
 */
export async function listPending(
  receiverId: string,
  limit: number,
  after?: string,
): Promise<PendingPage> {
  const keys: Key[] = [];
  for await (const { PK, SK } of queryDue(dueIndex.deliveriesTo(receiverId), limit, after))
    keys.push({ PK, SK });
  const items = await getItems(keys);
  const deliveries = [...items.values()].map((item) => parseItem(Delivery, item));
  return { deliveries, next: keys.length < limit ? undefined : keys.at(-1)?.SK };
}

/** A delivery as an item; while it is pending it is also in the index of due items. */
const itemOf = (receiverId: string, delivery: Delivery): Item => ({
  ...key.delivery(receiverId, delivery.id),
  ...delivery,
  ...(delivery.status === "pending" && { [dueIndex.PK]: dueIndex.deliveriesTo(receiverId) }),
});

/** Records the first attempt of a delivery; false if there was one before. */
export const recordDelivery = async (receiverId: string, delivery: Delivery): Promise<boolean> =>
  (await writeOnce({ Put: { Item: itemOf(receiverId, delivery), ...isAbsent } })).done;

/**
 * Changes a delivery, and decides again if it was changed meanwhile; returns its new state,
 * undefined if it no longer exists. A decision without changes is not written.
 */
export function changeDelivery(
  receiverId: string,
  id: string,
  decide: (delivery: Delivery) => Delivery,
): Promise<Delivery | undefined> {
  return retryOnConflict(async () => {
    const before = await findDelivery(receiverId, id);
    if (before === undefined) return undefined;
    const after = decide(before);
    if (after === before) return after;
    const { attempts, status, body } = before;
    const { done } = await writeOnce({
      Put: {
        Item: itemOf(receiverId, after),
        ConditionExpression: "attempts = :attempts AND #status = :status AND #body = :body",
        ExpressionAttributeNames: { "#status": "status", "#body": "body" },
        ExpressionAttributeValues: { ":attempts": attempts, ":status": status, ":body": body },
      },
    });
    return done ? after : conflicted;
  });
}
