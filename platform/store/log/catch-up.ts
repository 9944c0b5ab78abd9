import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { updateIf } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { isAbsent } from "../../table/table.ts";
import { transact } from "../../table/transact.ts";
import { findSubscriber, readSubscriber } from "./subscribers.ts";

/**
 * Sets the first live frame of a subscription unless this revision of it has one; with `next` it is
 * behind from this moment on, and `next` is the first frame that it is owed. What only the greeting
 * needs (its record has it) leaves the item. Answers the subscription as it is then; undefined when
 * there is another by now, or none.
 */
export async function setFrom(
  subscriber: Subscriber,
  from: number,
  next?: number,
): Promise<Subscriber | undefined> {
  const mark = next === undefined ? "" : ", #next = :next, behind = :behind";
  const changed = await change(subscriber, {
    update: `SET #from = :from${mark} REMOVE since, requestId`,
    holds: "attribute_not_exists(#from)",
    names: { "#from": "from", ...(next !== undefined && { "#next": "next" }) },
    values: { ":from": from, ...(next !== undefined && { ":next": next, ":behind": true }) },
  });
  return changed ?? asItIs(subscriber);
}

/**
 * Marks a subscription as behind from its first live frame on, unless it is or was. Answers it as
 * it is then; undefined when there is another by now, or none.
 */
export async function fallBehind(subscriber: Subscriber): Promise<Subscriber | undefined> {
  const changed = await change(subscriber, {
    update: "SET #next = :next, behind = :behind",
    holds: "attribute_not_exists(#next)",
    names: { "#next": "next" },
    values: { ":next": subscriber.from, ":behind": true },
  });
  return changed ?? asItIs(subscriber);
}

/**
 * Notes that a subscription which is behind was sent all frames before `next`. Undefined when
 * another call has moved it, or it is over.
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

/** Ends being behind: `next` and what follows it is posted live. Answers as `advanceCatchUp`. */
export const goLive = (subscriber: Subscriber, next: number): Promise<Subscriber | undefined> =>
  change(subscriber, {
    update: "SET #next = :next REMOVE behind",
    holds: "#next = :was AND behind = :behind",
    names: { "#next": "next" },
    values: { ":next": next, ":was": subscriber.next, ":behind": true },
  });

/**
 * As `goLive`, in one transaction with a look that the frame `next` is not put yet: so the call
 * that puts it lists this subscription as live, and nothing is left to be sent. `behind` when it is
 * there, `over` when another call has moved it or the subscription is over.
 */
export async function goLiveBefore(
  subscriber: Subscriber,
  next: number,
): Promise<"live" | "behind" | "over"> {
  const { streamId, connectionId, revision } = subscriber;
  const failed = await transact([
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
  /** What must hold besides that it is still this subscription. */
  holds: string;
  names: Record<string, string>;
  values: Record<string, unknown>;
};

/** Changes a subscription; undefined when it is another one, or what must hold does not. */
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

async function asItIs(subscriber: Subscriber): Promise<Subscriber | undefined> {
  const now = await findSubscriber(subscriber.streamId, subscriber.connectionId);
  return now?.revision === subscriber.revision ? now : undefined;
}
