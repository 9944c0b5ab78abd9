import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { isAbsent, keyText, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { share } from "../../table/query.ts";
import { commitTransaction, writeOnce } from "../../table/transact.ts";
import { findCurrent, readSubscriber } from "./subscribers.ts";

/**
 * Sets the first live frame of a subscription unless this revision has one. Removes the fields of
 * the subscribe request, which only its stream record needs. Returns the current subscription and
 * whether this call has set the frame, or undefined if the subscription was replaced or removed.
 */
export async function setFirstLive(
  subscriber: Subscriber,
  from: number,
): Promise<{ current: Subscriber; isSet: boolean } | undefined> {
  const changed = await change(subscriber, {
    update: "SET #from = :from REMOVE since, requestId",
    holds: "attribute_not_exists(#from)",
    names: { "#from": "from" },
    values: { ":from": from },
  });
  const current = changed ?? (await findCurrent(subscriber));
  return current && { current, isSet: changed !== undefined };
}

/**
 * Marks a subscription as behind from its first live frame, unless it is or was behind. Returns the
 * current subscription, or undefined if it was replaced or removed.
 */
export async function markBehind(subscriber: Subscriber): Promise<Subscriber | undefined> {
  const changed = await change(subscriber, {
    update: "SET #next = :next, behind = :behind",
    holds: "attribute_not_exists(#next)",
    names: { "#next": "next" },
    values: { ":next": subscriber.from, ":behind": true },
  });
  return changed ?? findCurrent(subscriber);
}

/**
 * Whether nothing live is posted to a subscription: it is marked as behind, or has no first live
 * frame yet.
 */
export const isBehind = ({ behind, from }: Subscriber): boolean =>
  behind === true || from === undefined;

/**
 * The write that moves a subscription on from the state that was read, only once. The first one
 * after its request also sets the first live frame and removes the request's fields.
 */
function advance({ from, next: was }: Subscriber, next: number, isLive: boolean): Change {
  const isFirst = from === undefined;
  const set = `#next = :next${isFirst ? ", #from = :next" : ""}${isLive ? "" : ", behind = :behind"}`;
  const gone = [isLive ? "behind" : [], isFirst ? "since, requestId" : []].flat();
  return {
    update: gone.length > 0 ? `SET ${set} REMOVE ${gone.join(", ")}` : `SET ${set}`,
    holds: isFirst ? "attribute_not_exists(#from)" : "#next = :was AND behind = :behind",
    names: { "#next": "next", ...(isFirst && { "#from": "from" }) },
    values: {
      ":next": next,
      ...(!isFirst && { ":was": was }),
      ...(!(isFirst && isLive) && { ":behind": true }),
    },
  };
}

/**
 * Records that a subscription that is behind was sent all frames before `next`. Returns undefined
 * if another call has advanced it, or it has ended.
 */
export const advanceCatchUp = (
  subscriber: Subscriber,
  next: number,
): Promise<Subscriber | undefined> => changeOnce(subscriber, advance(subscriber, next, false));

/**
 * Makes a subscription live: frames from `next` on are posted to it. Returns undefined if another
 * call has advanced it, or it has ended.
 */
export const goLive = (subscriber: Subscriber, next: number): Promise<Subscriber | undefined> =>
  changeOnce(subscriber, advance(subscriber, next, true));

/** The subscriptions that wait for the next transaction, by stream and frame. */
const waiting = new Map<string, Subscriber[]>();

/**
 * Like `goLive`, in one transaction with a check that the frame `next` does not exist yet. Then the
 * call that puts it lists this subscription as live, and no frame is left to send. Returns false if
 * the frame exists; true also if another call has advanced the subscription, or it has ended.
 *
 * Viewers who reach the same frame while a transaction is under way share the next one: separate
 * transactions would conflict, since each checks the frame.
 */
export async function goLiveBefore(subscriber: Subscriber, next: number): Promise<boolean> {
  const { streamId } = subscriber;
  const place = keyText(key.frame(streamId, next));
  waiting.set(place, [...(waiting.get(place) ?? []), subscriber]);
  return (await goLiveTogether(streamId, next)).get(subscriber) === true;
}

const goLiveTogether = share(async (streamId: string, next: number) => {
  const frame = key.frame(streamId, next);
  let left = waiting.get(keyText(frame)) ?? [];
  waiting.delete(keyText(frame));
  const decided = new Map<Subscriber, boolean>();
  while (left.length > 0) {
    // A transaction names each item once, and a message of the queue may come twice.
    const distinct = new Map(left.map((one) => [one.connectionId, one]));
    const group = [...distinct.values()].slice(0, groupMax);
    const failed = await commitTransaction([
      { label: "frame", ConditionCheck: { Key: frame, ...isAbsent } },
      ...group.map((one) => ({
        label: one.connectionId,
        Update: updateOf(one, advance(one, next, true)),
      })),
    ]);
    for (const one of group) {
      if (failed === undefined || failed.has(one.connectionId)) decided.set(one, true);
      else if (failed.has("frame")) decided.set(one, false);
    }
    left = left.filter((one) => !decided.has(one));
  }
  return decided;
});

/** Most subscriptions of one transaction, which has at most 100 actions. */
const groupMax = 99;

type Change = {
  update: string;
  /** A condition in addition to the revision. */
  holds: string;
  names: Record<string, string>;
  values: Record<string, unknown>;
};

const updateOf = (
  { streamId, connectionId, revision }: Subscriber,
  { update, holds, names, values }: Change,
) => ({
  Key: key.subscriber(streamId, connectionId),
  UpdateExpression: update,
  ConditionExpression: `revision = :revision AND ${holds}`,
  ExpressionAttributeNames: names,
  ExpressionAttributeValues: { ...values, ":revision": revision },
});

/** Updates a subscription. Returns undefined if it was replaced or the condition fails. */
async function change(subscriber: Subscriber, to: Change): Promise<Subscriber | undefined> {
  const changed = await updateIf(updateOf(subscriber, to));
  return changed && readSubscriber(changed);
}

/**
 * Like `change`, but recognizes its own write after a lost response, since the call that has
 * advanced a subscription must send the frames.
 */
async function changeOnce(subscriber: Subscriber, to: Change): Promise<Subscriber | undefined> {
  const Update = { ...updateOf(subscriber, to), ReturnValues: "ALL_NEW" } as const;
  const written = await writeOnce({ Update });
  return written.done && written.attributes ? readSubscriber(written.attributes) : undefined;
}
