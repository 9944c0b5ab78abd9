import * as z from "zod";
import { nameless } from "../../domain/people/nameless.ts";
import { Message } from "../../domain/streams/chat.ts";
import { setting } from "../env.ts";
import { queryFrames } from "../store/log/frames.ts";
import { listEntries } from "../store/money/ledger.ts";
import { findBan } from "../store/streams/bans.ts";
import { hasGoneAction } from "../store/streams/gone.ts";
import { deletionActions } from "../store/streams/messages.ts";
import { deleteMessage } from "../store/streams/pins.ts";
import { removeReminder } from "../store/streams/reminders.ts";
import { findStream } from "../store/streams/streams.ts";
import { traceAction } from "../store/streams/traces.ts";
import { decideAgain, overtaken } from "../table/conflicts.ts";
import { deleteIf, getRawItem, updateIf } from "../table/items.ts";
import { type Key, key, prefix } from "../table/keys.ts";
import { queryAll, queryItems, queryRange } from "../table/query.ts";
import { record } from "../table/record.ts";
import { type Item, read } from "../table/table.ts";
import { eraseNotices, pageOf, placeAfter } from "./erase-people.ts";
import type { Erasure } from "./progress.ts";

/** Entries, messages or frames of one page. */
const entriesMax = 50;
const messagesMax = 200;
const framesMax = 100;

const withoutNames = <T>(value: T, userId: string) =>
  nameless(value, userId, setting("DEFAULT_PICTURE"));

/** Takes a user's names out of some fields of an item, if it is there. */
async function eraseNames(Key: Key, fields: readonly string[], userId: string): Promise<void> {
  const item = await getRawItem(Key, { consistent: true });
  const named = fields.filter((field) => item?.[field] !== undefined);
  if (item === undefined || named.length === 0) return;
  await updateIf({
    Key,
    UpdateExpression: `SET ${named.map((field) => `#${field} = :${field}`).join(", ")}`,
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeNames: Object.fromEntries(named.map((field) => [`#${field}`, field])),
    ExpressionAttributeValues: Object.fromEntries(
      named.map((field) => [`:${field}`, withoutNames(item[field], userId)]),
    ),
  });
}

/** A gift's persons never change otherwise, so nothing of a settlement or refund is undone. */
const eraseFromGift = (streamId: string, giftId: string, userId: string) =>
  eraseNames(key.gift(streamId, giftId), ["sender", "receivers"], userId);

/** The gifts that the ledger names, given and received; their streams are noted for the frames. */
export async function eraseFromLedger({ userId, at, seq, after }: Erasure) {
  const first = Number(after ?? 0) + 1;
  if (first > seq) return undefined;
  const last = Math.min(seq, first + entriesMax - 1);
  for (const { streamId, giftId } of await listEntries(userId, first, last)) {
    if (streamId === null || giftId === null) continue;
    await eraseFromGift(streamId, giftId, userId);
    await record([traceAction(userId, streamId, new Date(at))]);
  }
  return String(last);
}

/** The streams that the user hosted: their item, and what those were told who wanted to know. */
export async function eraseFromHosted({ userId, at, after }: Erasure): Promise<string | undefined> {
  const items = await pageOf(key.hosted(userId, ""), prefix.hosted, after);
  for (const { streamId: id } of items) {
    const streamId = String(id);
    await eraseHost(streamId, userId);
    await record([traceAction(userId, streamId, new Date(at))]);
    const waiting = queryAll(key.reminder(streamId, ""), { prefix: prefix.reminders });
    for await (const { userId: told } of waiting)
      await eraseNotices(String(told), new Set([streamId]));
  }
  return placeAfter(items);
}

/** A change under the stream's revision, so that it is in nobody's way who changes it too. */
async function eraseHost(streamId: string, userId: string): Promise<void> {
  await decideAgain(async () => {
    const stream = await getRawItem(key.stream(streamId), { consistent: true });
    if (stream === undefined) return undefined;
    const changed = await updateIf({
      Key: key.stream(streamId),
      UpdateExpression: "SET host = :host, revision = :next",
      ConditionExpression: "revision = :was",
      ExpressionAttributeValues: {
        ":host": withoutNames(stream.host, userId),
        ":was": stream.revision,
        ":next": Number(stream.revision) + 1,
      },
    });
    return changed === undefined ? overtaken : undefined;
  });
}

const Trace = z.object({
  SK: z.string(),
  streamId: z.string().optional(),
  giftId: z.string().optional(),
  banId: z.string().optional(),
});

/** A place is that of a trace and, within a stream, a number. */
const Place = z.object({ SK: z.string(), n: z.number().int(), isOver: z.boolean() });
const placeIn = (after: string | undefined) =>
  after === undefined ? undefined : Place.parse(JSON.parse(after));
const placeText = (SK: string, n?: number) =>
  JSON.stringify({ SK, n: n ?? 0, isOver: n === undefined });

/** The trace that a page is about: the one that the page before left unfinished, or the next. */
async function findTrace(userId: string, start: string, after: string | undefined) {
  const place = placeIn(after);
  const trace = key.tracedBan(userId, "");
  const from = place?.isOver === false ? `${place.SK}` : undefined;
  const items =
    from === undefined
      ? await queryItems(trace, start, { limit: 1, ...(place && { after: place.SK }) })
      : await queryRange(trace, from, from, { limit: 1 });
  const [item] = items;
  return item && { ...read(Trace, item), n: place?.isOver === false ? place.n : 0 };
}

/** What lies in streams: bans of the user, gifts without entries, messages and reminders. */
export async function eraseFromStreams({ userId, at, after }: Erasure) {
  const trace = await findTrace(userId, "", after);
  if (trace === undefined) return undefined;
  const { SK, streamId, giftId, banId, n } = trace;
  const { PK } = key.tracedBan(userId, "");
  if (banId !== undefined) await eraseFromBan(banId, userId);
  else if (giftId !== undefined) await eraseFromGift(streamId ?? "", giftId, userId);
  else if (streamId !== undefined) {
    const next = await eraseMessages(streamId, userId, at, n);
    if (next !== undefined) return placeText(SK, next);
    await removeReminder(streamId, userId);
    return placeText(SK);
  }
  await deleteIf({ PK, SK });
  return placeText(SK);
}

/** The names in a ban, in its host's list, and where the stream looks whether it is in force. */
async function eraseFromBan(banId: string, userId: string): Promise<void> {
  const ban = await findBan(banId);
  if (ban === undefined) return;
  await eraseNames(key.ban(banId), ["target"], userId);
  await updateIf({
    Key: key.hostedBan(ban.hostId, banId),
    UpdateExpression: "SET username = :none",
    ConditionExpression: "attribute_exists(PK)",
    ExpressionAttributeValues: { ":none": "" },
  });
  for (const Key of [key.member(ban.liveStreamId, userId), key.sender(ban.liveStreamId, userId)])
    await updateIf({
      Key,
      UpdateExpression: "SET ban.#names = :none",
      ConditionExpression: "ban.id = :id AND attribute_exists(ban.#names)",
      ExpressionAttributeNames: { "#names": "names" },
      ExpressionAttributeValues: { ":id": banId, ":none": { name: "", surname: "" } },
    });
}

/** Some of a stream's messages, after the number `n`; answers where the next page begins. */
async function eraseMessages(streamId: string, userId: string, at: string, n: number) {
  const place = key.message(streamId, n);
  const walk = { limit: messagesMax, consistent: true, after: place.SK };
  const items = await queryItems(place, prefix.messages, walk);
  for (const item of items.filter((one) => isBy(one, userId, at)))
    await eraseMessage(read(Message, item), at);
  return items.length < messagesMax ? undefined : Number(items.at(-1)?.n);
}

function isBy({ sender, createdAt }: Item, userId: string, at: string): boolean {
  const by = (sender as { userId?: unknown } | undefined)?.userId;
  return by === userId && String(createdAt) <= at;
}

async function eraseMessage(message: Message, at: string): Promise<void> {
  const { streamId, n, sender, deletedAt } = message;
  const now = new Date(at);
  if (deletedAt === undefined) {
    const stream = await findStream(streamId, { consistent: true });
    await record([hasGoneAction(streamId)]);
    // Nobody sees what was pinned in a stream that is gone.
    if (stream === undefined) await record(deletionActions(message, sender.userId, now));
    else await deleteMessage(stream, message, sender.userId, now).catch(ignoreMissing);
  }
  await eraseNames(key.message(streamId, n), ["sender"], sender.userId);
}

/** Somebody else deleted the message meanwhile. */
function ignoreMissing(error: unknown): void {
  if ((error as { code?: unknown }).code !== "message_not_found") throw error;
}

/** The names in the frames that are kept of every stream where something of the user lay. */
export async function eraseFrames({ userId, at, after }: Erasure): Promise<string | undefined> {
  const trace = await findTrace(userId, prefix.tracedStreams, after);
  if (trace?.streamId === undefined) return undefined;
  const { SK, streamId, n } = trace;
  let last: number | undefined;
  let count = 0;
  for await (const frame of queryFrames(streamId, { from: n + 1, pageSize: framesMax })) {
    if (frame.body.includes(userId)) await eraseFromFrame(streamId, frame.n, userId);
    last = frame.n;
    if (++count === framesMax) return placeText(SK, last);
  }
  const { PK } = key.tracedBan(userId, "");
  await deleteIf(
    { PK, SK },
    {
      ConditionExpression: "#at <= :at",
      ExpressionAttributeNames: { "#at": "at" },
      ExpressionAttributeValues: { ":at": at },
    },
  );
  return placeText(SK);
}

/** Under the frame's revision, as a deleted text is taken out. */
async function eraseFromFrame(streamId: string, n: number, userId: string): Promise<void> {
  await decideAgain(async () => {
    const { value: frame } = await queryFrames(streamId, { from: n, to: n }).next();
    if (frame === undefined) return undefined;
    const body = JSON.stringify(withoutNames(JSON.parse(frame.body), userId));
    if (body === frame.body) return undefined;
    const changed = await updateIf({
      Key: key.frame(streamId, n),
      UpdateExpression: "SET body = :body, revision = :next",
      ConditionExpression: "revision = :was",
      ExpressionAttributeValues: {
        ":body": body,
        ":was": frame.revision,
        ":next": frame.revision + 1,
      },
    });
    return changed === undefined ? overtaken : undefined;
  });
}
