import { refuse } from "../../../domain/refusal.ts";
import {
  itemOfMessage,
  type Message,
  messageAnswered,
  numberInId,
  repeatedAnswer,
  type SentMessage,
  withoutText,
} from "../../../domain/streams/chat.ts";
import { setting } from "../../runtime/env.ts";
import { logFault } from "../../runtime/log.ts";
import type { KeyState } from "../../table/idempotency.ts";
import { getRawItem, parseItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction, type Reply, writeOnce } from "../../table/transact.ts";
import { Chat, isSettled, recordGap, shownIn } from "./messages.ts";
import { expiryOf } from "./retention.ts";

/**
 * Takes the number of a stream's next message: 1, 2, 3 …, each once. If the response was lost and
 * others took numbers meanwhile, one number becomes a gap, as after a crash.
 */
export async function takeNumber(streamId: string): Promise<number> {
  const taken = await writeOnce({
    Update: {
      Key: key.chat(streamId),
      UpdateExpression: "ADD #count :one",
      ExpressionAttributeNames: { "#count": "count" },
      ExpressionAttributeValues: { ":one": 1 },
      ReturnValues: "UPDATED_NEW",
    },
  });
  if (!taken.done) throw new Error(`No message number was taken in the stream ${streamId}`);
  return parseItem(Chat, taken.attributes ?? {}).count;
}

/**
 * Records a message; returns its call's response. The call's key, if it has one, is first marked
 * with the message's number, since both in one transaction would cost the stream's key twice as
 * much: a repetition finds the mark, and writes the message of a call that died in between. If the
 * message cannot be recorded (its key was used before), its number is recorded as a gap, so that
 * pages and totals are right; after a crash the next reader past the number does that.
 */
export async function recordMessage<Answer>(
  message: Message,
  reply: Reply<Answer>,
): Promise<Answer> {
  const { streamId, n } = message;
  try {
    if (reply.remember.length > 0) await commitTransaction([], reply);
    if (!(await putMessage(message))) refuse("unavailable");
    return reply.answer;
  } catch (error) {
    // In every case an existing message stays, and a missing one can no longer arrive.
    await recordGap(streamId, n).catch((other: unknown) =>
      logFault("A message number could not be recorded as a gap", other, { streamId, n }),
    );
    throw error;
  }
}

/**
 * Puts a message, once: a repetition of its call may have put it before, and it may have been
 * deleted since. False: the number was recorded as a gap, permanently.
 */
async function putMessage(message: Message): Promise<boolean> {
  const expiry = expiryOf(new Date(message.createdAt));
  const Item = {
    ...key.message(message.streamId, message.n),
    ...itemOfMessage(message),
    ...expiry,
  };
  const ConditionExpression = "attribute_not_exists(PK)";
  const failed = await commitTransaction([
    { label: "message", Put: { Item, ConditionExpression } },
  ]);
  return failed === undefined || failed.get("message")?.id === message.id;
}

/**
 * What a key remembers of a sent message: not its text, which is deleted with the message. The
 * message is written after the mark of its key, or never.
 */
export const sentReplay = {
  keep: withoutText,
  async recall(kept: SentMessage, now: Date): Promise<KeyState<SentMessage>> {
    const { streamId, _id: id } = kept;
    const n = numberInId(id);
    const item = await getRawItem(key.message(streamId, n), { consistent: true });
    if (item?.isEmpty === true) return "void";
    if (item !== undefined) {
      const [message] = shownIn(item);
      return { answer: repeatedAnswer(kept, message?.id === id ? message : undefined) };
    }
    if (!isSettled(kept, now)) return "pending";
    return (await recordGap(streamId, n)) ? "void" : sentReplay.recall(kept, now);
  },
  async finish(
    kept: SentMessage,
    { content }: { content: string },
  ): Promise<KeyState<SentMessage>> {
    const message = messageAnswered(kept, content, setting("DEFAULT_PICTURE"));
    const isStored = await putMessage(message);
    return isStored ? { answer: { ...kept, content } } : "void";
  },
};
