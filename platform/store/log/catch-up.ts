import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { isAbsent, updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/transact.ts";
import { findSubscriber, readSubscriber } from "./subscribers.ts";

/**
 * Sets the first live frame of a subscription unless this revision has one. With `next`, also marks
 * the subscription as behind; `next` is the first frame to send. Removes the request's fields,
 * which only its record needs. Returns the current subscription and whether this call has set it,
 * or undefined if it was replaced or removed.
 */
export async function setFirstLive(
  subscriber: Subscriber,
  from: number,
  next?: number,
): Promise<{ current: Subscriber; isSet: boolean } | undefined> {
  const mark = next === undefined ? "" : ", #next = :next, behind = :behind";
  const changed = await change(subscriber, {
    update: `SET #from = :from${mark} REMOVE since, requestId`,
    holds: "attribute_not_exists(#from)",
    names: { "#from": "from", ...(next !== undefined && { "#next": "next" }) },
    values: { ":from": from, ...(next !== undefined && { ":next": next, ":behind": true }) },
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
 * Records that a subscription that is behind was sent all frames before `next`. Returns undefined
 * if another call has advanced it, or it has ended.
 */
export const advanceCatchUp = (
  subscriber: Subscriber,
  next: number,
): Promise<Subscriber | undefined> =>
  change(subscriber, {
    update: "SET #next = :next",
    holds: "#next = :was AND behind = :behind",
    names: { "#next": "next" },
    values: { ":next": next, ":was": subscriber.next, ":behind": true },
  });

/**
 * Makes a subscription live: frames from `next` on are posted to it. Returns the same as
 * `advanceCatchUp`.
 */
export const goLive = (subscriber: Subscriber, next: number): Promise<Subscriber | undefined> =>
  change(subscriber, {
    update: "SET #next = :next REMOVE behind",
    holds: "#next = :was AND behind = :behind",
    names: { "#next": "next" },
    values: { ":next": next, ":was": subscriber.next, ":behind": true },
  });

/**
 * Like `goLive`, in one transaction with a check that the frame `next` does not exist yet. Then the
 * call that puts it lists this subscription as live, and no frame is left to send. Returns `behind`
 * if the frame exists, `over` if another call has advanced the subscription or it has ended.
 */
export async function goLiveBefore(
  subscriber: Subscriber,
  next: number,
): Promise<"live" | "behind" | "over"> {
  const { streamId, connectionId, revision } = subscriber;
  const failed = await commitTransaction([
    { label: "frame", ConditionCheck: { Key: key.frame(streamId, next), ...isAbsent } },
    {
      label: "subscriber",
      Update: {
        Key: key.subscriber(streamId, connectionId),
        UpdateExpression: "SET #next = :next REMOVE behind",
        ConditionExpression: "revision = :revision AND #next = :was AND behind = :behind",
        ExpressionAttributeNames: { "#next": "next" },
        ExpressionAttributeValues: {
          ":next": next,
          ":was": subscriber.next,
          ":behind": true,
          ":revision": revision,
        },
      },
    },
  ]);
  if (failed === undefined) return "live";
  return failed.has("subscriber") ? "over" : "behind";
}

type Change = {
  update: string;
  /** A condition in addition to the revision. */
  holds: string;
  names: Record<string, string>;
  values: Record<string, unknown>;
};

/** Updates a subscription. Returns undefined if it was replaced or the condition fails. */
async function change(
  { streamId, connectionId, revision }: Subscriber,
  { update, holds, names, values }: Change,
): Promise<Subscriber | undefined> {
  const changed = await updateIf({
    Key: key.subscriber(streamId, connectionId),
    UpdateExpression: update,
    ConditionExpression: `revision = :revision AND ${holds}`,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: { ...values, ":revision": revision },
  });
  return changed && readSubscriber(changed);
}

async function findCurrent(subscriber: Subscriber): Promise<Subscriber | undefined> {
  const now = await findSubscriber(subscriber.streamId, subscriber.connectionId);
  return now?.revision === subscriber.revision ? now : undefined;
}
