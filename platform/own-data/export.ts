import * as z from "zod";
import type { ChainedEntry } from "../../domain/money/ledger.ts";
import { Transaction, transactionOf } from "../../domain/money/transaction.ts";
import { Relation } from "../../domain/people/follow.ts";
import {
  Notification,
  notificationOf,
  StoredNotification,
} from "../../domain/people/notification.ts";
import { Profile } from "../../domain/people/user.ts";
import { MessageItem } from "../../domain/streams/chat.ts";
import { Reminder } from "../../domain/streams/reminder.ts";
import { Timestamp } from "../../domain/text.ts";
import { readWhole } from "../store/money/balances.ts";
import { listEntries } from "../store/money/ledger.ts";
import { findProfile } from "../store/people/users.ts";
import { findBan } from "../store/streams/bans.ts";
import { listItems } from "../table/items.ts";
import { type Key, key, prefix } from "../table/keys.ts";
import { queryItems, queryPages } from "../table/query.ts";
import { type Item, read } from "../table/table.ts";

/** The newest items of each kind that one export holds; it has a few megabytes at most. */
const exportedMax = 1_000;

/** Messages of all streams that one export looks at, to find the user's own. */
const lookedAtMax = 20_000;

const ShownMessage = MessageItem.pick({
  id: true,
  streamId: true,
  content: true,
  replyTo: true,
  createdAt: true,
});
const ShownDevice = z.record(z.string(), z.unknown());
const ShownBan = z.object({
  liveStreamId: z.string(),
  actionType: z.string(),
  reason: z.string().nullable(),
  createdAt: Timestamp,
  endsAt: Timestamp.nullable(),
  deletedAt: Timestamp.nullable(),
});

/** Everything that is kept about one user. */
export const OwnData = z
  .object({
    userId: z.string(),
    exportedAt: Timestamp,
    profile: Profile.nullable(),
    wallet: z.object({
      balance: z.number().int(),
      pending: z.number().int(),
      owed: z.number().int(),
      spendLimit: z.number().int().nullable(),
    }),
    transactions: z.array(
      Transaction.omit({ counterpart: true }).extend({
        counterpartId: z.string().nullable(),
      }),
    ),
    messages: z.array(ShownMessage),
    notifications: z.array(Notification),
    devices: z.array(ShownDevice),
    following: z.array(Relation),
    followers: z.array(Relation),
    reminders: z.array(Reminder),
    streams: z.array(z.record(z.string(), z.unknown())),
    bans: z.array(ShownBan),
    truncated: z.array(z.string()).meta({
      description: "The lists of which the newest 1,000 are here and more are kept",
    }),
  })
  .meta({ id: "OwnData" });
type OwnData = z.infer<typeof OwnData>;

/** The newest items of one kind, one more than an export holds. */
const newest = (place: Key, start: string): Promise<Item[]> =>
  queryItems(place, start, { limit: exportedMax + 1, newestFirst: true, consistent: true });

/** Reads everything that is kept about a user: of each kind the newest 1,000. */
export async function collectOwnData(userId: string, now: Date): Promise<OwnData> {
  const own = (start: string) => newest(key.profile(userId), start);
  const [profile, { wallet, pending }, traces] = await Promise.all([
    findProfile(userId, { consistent: true }),
    readWhole(userId),
    newest(key.tracedStream(userId, ""), ""),
  ]);
  const [notes, devices, following, followers, hosted, entries, messages] = await Promise.all([
    own(prefix.notifications),
    own(prefix.devices),
    own(prefix.following),
    own(prefix.followers),
    own(prefix.hosted),
    listNewest(userId, wallet.seq, wallet.since ?? 0),
    listOwnMessages(userId, traces),
  ]);
  const lists = {
    transactions: entries.map(shownEntry),
    messages: messages.list,
    notifications: notes.map((item) => notificationOf(read(StoredNotification, item))),
    devices: devices.map(withoutKey),
    following: following.map((item) => read(Relation, item)),
    followers: followers.map((item) => read(Relation, item)),
    reminders: await listReminders(userId, traces),
    streams: hosted.map(withoutKey),
    bans: await listOwnBans(traces),
  };
  const { balance, owed, spendLimit = null } = wallet;
  const isCut = Object.entries(lists).filter(([, list]) => list.length > exportedMax);
  const truncated = new Set(isCut.map(([name]) => name));
  if (traces.length > exportedMax || messages.isCut) truncated.add("messages");
  return {
    ...{ userId, exportedAt: now.toISOString(), profile: profile ?? null },
    wallet: { balance, pending, owed, spendLimit },
    ...cut(lists),
    truncated: [...truncated],
  };
}

function cut<Lists extends Record<string, unknown[]>>(lists: Lists): Lists {
  const short = Object.entries(lists).map(([name, list]) => [name, list.slice(0, exportedMax)]);
  return Object.fromEntries(short) as Lists;
}

const withoutKey = ({ PK: _, SK: __, writeId: ___, ...fields }: Item) => fields;

/** The newest of the user's entries, newest first: one more than are exported at most. */
async function listNewest(userId: string, seq: number, since: number): Promise<ChainedEntry[]> {
  const entries = await listEntries(userId, Math.max(since, seq - exportedMax - 1) + 1, seq);
  return entries.reverse();
}

function shownEntry(entry: ChainedEntry) {
  const { counterpart: _, ...shown } = transactionOf(entry, null);
  return { ...shown, counterpartId: entry.counterpart };
}

const streamsIn = (traces: readonly Item[]): string[] =>
  traces
    .filter(({ SK }) => SK.startsWith(prefix.tracedStreams))
    .map(({ streamId }) => String(streamId));

/** The user's messages, newest stream first; deleted ones have no text and are left out. */
async function listOwnMessages(userId: string, traces: readonly Item[]) {
  const list: z.infer<typeof ShownMessage>[] = [];
  let looked = 0;
  for (const streamId of streamsIn(traces)) {
    const pages = queryPages(
      key.message(streamId, 0),
      { prefix: prefix.messages },
      { newestFirst: true, consistent: true },
    );
    for await (const page of pages) {
      for (const item of page) {
        const sender = item.sender as { userId?: unknown } | undefined;
        if (sender?.userId !== userId || item.content === undefined) continue;
        list.push(read(ShownMessage, item));
      }
      looked += page.length;
      if (list.length > exportedMax || looked > lookedAtMax) return { list, isCut: true };
    }
  }
  return { list, isCut: false };
}

const listReminders = (userId: string, traces: readonly Item[]): Promise<Reminder[]> =>
  listItems(
    Reminder,
    streamsIn(traces).map((streamId) => key.reminder(streamId, userId)),
  );

async function listOwnBans(traces: readonly Item[]): Promise<z.infer<typeof ShownBan>[]> {
  const bans: z.infer<typeof ShownBan>[] = [];
  for (const { banId } of traces) {
    const ban = banId === undefined ? undefined : await findBan(String(banId));
    if (ban !== undefined) bans.push(ShownBan.parse(ban));
  }
  return bans;
}
