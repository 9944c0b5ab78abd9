import { refuse } from "../../../domain/refusal.ts";
import type { Message } from "../../../domain/streams/chat.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { key } from "../../table/keys.ts";
import { type Action, commitTransaction, type Failed } from "../../table/transact.ts";
import { hasGapAction } from "./message-gaps.ts";
import { deletionActions } from "./messages.ts";
import { actAction } from "./moderation.ts";
import { streamAction } from "./stream-changes.ts";
import { getStream } from "./streams.ts";

/** The most pins of one message: each is in a frame that the message's deletion has to change. */
const pinsMax = 100;

/**
 * Pins a message, replacing the previous one, if it is still shown: of a concurrent deletion and
 * this call, the later one sees the earlier. Refuses with `message_not_found`, `pinned_too_often`,
 * `stream_not_found` and `unavailable`.
 */
export async function pinMessage(
  stream: Stream,
  message: Message,
  by: string,
  now: Date,
): Promise<void> {
  const { id: messageId, n, sender } = message;
  const { pins = [], ...pinned } = message;
  const at = now.toISOString();
  const act = { action: "chat.pinned", actorId: by, targetId: sender.userId } as const;
  const notePin = (revision: number): Action => ({
    label: "message",
    Update: {
      Key: key.message(stream.id, n),
      UpdateExpression: "SET pins = list_append(if_not_exists(pins, :none), :pin)",
      ConditionExpression: "id = :id AND attribute_not_exists(deletedAt)",
      ExpressionAttributeValues: { ":id": messageId, ":none": [], ":pin": [{ revision, at }] },
    },
  });
  const failed = await recordWith(stream, (current) => {
    if (current.pinned?.messageId === messageId) return undefined;
    if (pins.length >= pinsMax) refuse("pinned_too_often", { max: pinsMax });
    return [
      streamAction(current, { pinned: { messageId, message: pinned } }, now),
      notePin(current.revision + 1),
      actAction(stream.id, { ...act, reason: null, at }),
    ];
  });
  if (failed !== undefined) refuse("message_not_found", { messageId });
}

/**
 * Permanently removes the content of a message, and its pin if it has one; its number becomes a
 * gap. Refuses with `message_not_found`, `stream_not_found` and `unavailable`.
 */
export async function deleteMessage(
  stream: Stream,
  message: Message,
  by: string,
  now: Date,
): Promise<void> {
  const { id: messageId, streamId } = message;
  await commitTransaction([hasGapAction(streamId)]);
  const failed = await recordWith(stream, (current) => [
    ...deletionActions(message, by, now),
    current.pinned?.messageId === messageId
      ? streamAction(current, { pinned: null }, now)
      : isNotPinned(streamId, messageId),
  ]);
  if (failed !== undefined) refuse("message_not_found", { messageId });
}

const isNotPinned = (streamId: string, messageId: string): Action => ({
  label: "stream",
  ConditionCheck: {
    Key: key.stream(streamId),
    ConditionExpression: "attribute_not_exists(pinned.messageId) OR pinned.messageId <> :id",
    ExpressionAttributeValues: { ":id": messageId },
  },
});

/**
 * Records actions that depend on the stream's state: if another call has changed it since,
 * `actionsFor` is called again. Returns the other conditions that failed; undefined on success.
 */
async function recordWith(
  stream: Stream,
  actionsFor: (current: Stream) => readonly Action[] | undefined,
): Promise<Failed | undefined> {
  let current = stream;
  return retryOnConflict(async () => {
    const actions = actionsFor(current);
    if (actions === undefined) return undefined;
    const failed = await commitTransaction(actions);
    if (failed === undefined || failed.has("message")) return failed;
    current = await getStream(stream.id, { consistent: true });
    return conflicted;
  });
}
