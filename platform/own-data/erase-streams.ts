import { Message } from "../../domain/streams/chat.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { anonymizeLikes } from "../store/audience/anonymization.ts";
import { disownContribution } from "../store/money/fundings.ts";
import { listEntries } from "../store/money/ledger.ts";
import { forfeitPass } from "../store/money/passes.ts";
import { findWallet } from "../store/money/wallets.ts";
import { banTargetOf, findBan } from "../store/streams/bans.ts";
import { memberKey } from "../store/streams/members.ts";
import { hasGapAction } from "../store/streams/message-gaps.ts";
import { deletionActions } from "../store/streams/messages.ts";
import { deleteMessage } from "../store/streams/pins.ts";
import { removeReminder } from "../store/streams/reminders.ts";
import { findStream } from "../store/streams/streams.ts";
import { noteErasedStream } from "../store/streams/traces.ts";
import { deleteIf, type Item, parseItem, updateIf } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { queryItems } from "../table/query.ts";
import { commitTransaction } from "../table/transact.ts";
import { eraseModerator, traceHost } from "./erase-moderator.ts";
import { eraseFromMoments } from "./erase-moments.ts";
import { isIdUntil } from "./erase-people.ts";
import { eraseNames } from "./names.ts";
import { pageSizes } from "./page-sizes.ts";
import { type Erasure, lateFrom } from "./progress.ts";
import { cursorInHost, cursorInMoments, cursorText, findTrace, forgetTrace } from "./traced.ts";

/** Erases the user's names in a gift. A settlement or refund meanwhile changes other fields. */
const eraseFromGift = (streamId: string, giftId: string, userId: string) =>
  eraseNames(key.gift(streamId, giftId), ["sender", "receivers"], userId);

/**
 * Erases names in the gifts of the ledger, given and received, and notes their streams, since
 * frames may have the names, too. A second walk finds received gifts that were settled after the
 * deletion.
 */
export async function eraseFromLedger({ userId, at, seq, after, again }: Erasure) {
  const first = Number(after ?? (again ? seq : 0)) + 1;
  const end = again ? (await findWallet(userId)).seq : seq;
  if (first > end) return undefined;
  const last = Math.min(end, first + pageSizes().changes - 1);
  for (const { type, streamId, giftId } of await listEntries(userId, first, last)) {
    if (streamId === null) continue;
    if (!again && type === "stream_funding_contribution")
      await disownContribution(streamId, userId);
    if (giftId === null || (again && !isIdUntil(giftId, at))) continue;
    if (!again && type === "stream_charge") await forfeitPass(streamId, userId, giftId);
    await eraseFromGift(streamId, giftId, userId);
    await noteErasedStream(userId, streamId, at);
  }
  return String(last);
}

/**
 * Erases the user from streams: bans of the user, gifts without entries, messages, reminders,
 * likes, votes and appointments as a moderator.
 */
export async function eraseFromStreams({ userId, at, after, again }: Erasure) {
  const trace = await findTrace(userId, "", after);
  if (trace === undefined) return undefined;
  const { SK, streamId, giftId, banId, hostId, n, hosted, moment } = trace;
  const { PK } = key.tracedBan(userId, "");
  const id = banId ?? giftId;
  if (id !== undefined && !isIdUntil(id, at)) return cursorText(SK);
  // Appointments in progress were refused, so a second walk could only find those of a new user.
  if (hostId !== undefined && again) return cursorText(SK);
  if (hostId !== undefined) {
    const next = await eraseModerator(hostId, userId, at, hosted);
    if (next !== undefined) return cursorInHost(SK, next);
    await forgetTrace({ PK, SK }, at);
    return cursorText(SK);
  }
  if (banId !== undefined) await eraseFromBan(banId, userId, new Date(at));
  else if (giftId !== undefined) await eraseFromGift(streamId ?? "", giftId, userId);
  else if (streamId !== undefined)
    return eraseFromStream(SK, streamId, { userId, at, n, moment, again });
  await deleteIf({ PK, SK });
  return cursorText(SK);
}

/**
 * A page of a traced stream: the messages after number `n`, in a second walk those before it; or,
 * once all messages are done, the moments after `moment`.
 */
type StreamPage = Pick<Erasure, "userId" | "at" | "again"> & {
  n: number;
  moment: string | undefined;
};

/**
 * Erases the user from a stream: first messages, then reminder and likes, then polls and goals.
 * Returns where the next page begins: in this stream, until all of it is done.
 */
async function eraseFromStream(SK: string, streamId: string, page: StreamPage): Promise<string> {
  const { userId, at, n, moment: after = "" } = page;
  let { changes: most } = pageSizes();
  if (page.moment === undefined) {
    const stream = await findStream(streamId, { consistent: true });
    if (n === 0 && stream !== undefined && !page.again) await traceHost(stream, userId, at);
    const { count, next } = await eraseMessages(streamId, stream, page);
    if (next !== undefined) return cursorText(SK, next);
    most -= count;
  }
  if (after === "") {
    await unpin(streamId, userId, at);
    await removeReminder(streamId, userId, at);
    await anonymizeLikes(streamId, userId, at);
  }
  const next = await eraseFromMoments(streamId, { userId, at, after, most });
  return next === undefined ? cursorText(SK) : cursorInMoments(SK, next);
}

/**
 * Removes the user's message from the stream's pin if `deleteMessage` has not: the stream was
 * deleted, or the message has expired. Nobody sees such a pin, so there is no event.
 */
async function unpin(streamId: string, userId: string, at: string): Promise<void> {
  await updateIf({
    Key: key.stream(streamId),
    UpdateExpression: "SET pinned = :none",
    ConditionExpression:
      "pinned.#message.sender.userId = :user AND pinned.#message.createdAt <= :at",
    ExpressionAttributeNames: { "#message": "message" },
    ExpressionAttributeValues: { ":none": null, ":user": userId, ":at": at },
  });
}

/** Erases the names in a ban, in its host's list, and in the member item that enforces it. */
async function eraseFromBan(banId: string, userId: string, now: Date): Promise<void> {
  const ban = await findBan(banId, now);
  if (ban === undefined) return;
  await eraseNames(key.ban(banId), ["target"], userId);
  await updateIf({
    Key: key.hostedBan(ban.hostId, banId),
    UpdateExpression: "SET username = :none",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeValues: { ":none": "" },
  });
  const names = {
    ConditionExpression: "ban.id = :id AND attribute_exists(ban.#names)",
    ExpressionAttributeNames: { "#names": "names" },
  };
  const values = { ":id": banId, ":none": { name: "", surname: "" } };
  // The next revision makes a change of the member that has read the names decide again.
  const place = banTargetOf(ban);
  await updateIf({
    ...names,
    Key: memberKey(place, userId),
    UpdateExpression: "SET ban.#names = :none, revision = revision + :one",
    ExpressionAttributeValues: { ...values, ":one": 1 },
  });
  if ("streamId" in place)
    await updateIf({
      ...names,
      Key: key.sender(place.streamId, userId),
      UpdateExpression: "SET ban.#names = :none",
      ExpressionAttributeValues: values,
    });
}

/**
 * Erases a page of the user's messages after number `n`; in a second walk those that calls in
 * progress wrote, newest first. Returns how many, and where the next page begins.
 */
async function eraseMessages(streamId: string, stream: Stream | undefined, page: StreamPage) {
  const { userId, at, n, again: newestFirst = false } = page;
  const { messages, changes } = pageSizes();
  const place = key.message(streamId, n);
  const from = newestFirst && n === 0 ? {} : { after: place.SK };
  const walk = { limit: messages, consistent: true, newestFirst, ...from };
  const items = await queryItems(place, prefix.messages, walk);
  const own = items.filter((one) => isBy(one, userId, at));
  const some = own.slice(0, changes).map((item) => parseItem(Message, item));
  for (const message of some) await eraseMessage(stream, message, at);
  const count = some.length;
  if (count < own.length) return { count, next: some.at(-1)?.n };
  const isEarlier = ({ createdAt = at }: Item) => String(createdAt) < lateFrom(page);
  const isEnd = items.length < messages || (newestFirst && items.some(isEarlier));
  return { count, next: isEnd ? undefined : Number(items.at(-1)?.n) };
}

function isBy({ sender, createdAt }: Item, userId: string, at: string): boolean {
  const by = (sender as { userId?: unknown } | undefined)?.userId;
  return by === userId && String(createdAt) <= at;
}

/** Deletes a message and the names in it; in a deleted stream, `unpin` removes its pin later. */
async function eraseMessage(stream: Stream | undefined, message: Message, at: string) {
  const { streamId, n, sender, deletedAt } = message;
  const { userId } = sender;
  const now = new Date(at);
  if (deletedAt === undefined && stream !== undefined)
    await deleteMessage(stream, message, userId, now).catch(ignoreMissing);
  if (deletedAt === undefined && stream === undefined) {
    await commitTransaction([hasGapAction(streamId)]);
    await commitTransaction(deletionActions(message, userId, now));
  }
  await eraseNames(key.message(streamId, n), ["sender"], userId);
}

/** Ignores that another call has deleted the message meanwhile. */
function ignoreMissing(error: unknown): void {
  if ((error as { code?: unknown }).code !== "message_not_found") throw error;
}
