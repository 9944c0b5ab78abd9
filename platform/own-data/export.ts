import { type ChainedEntry, transactionOf } from "../../domain/money/ledger.ts";
import { Relation } from "../../domain/people/follow.ts";
import { notificationOf } from "../../domain/people/notification.ts";
import { channelSettingsOf } from "../../domain/streams/channel.ts";
import { listLikes } from "../store/audience/anonymization.ts";
import { readWalletWithPending } from "../store/money/balances.ts";
import { listEntries } from "../store/money/ledger.ts";
import { listNotifications } from "../store/people/notification-lists.ts";
import { findProfile } from "../store/people/users.ts";
import { findChannel } from "../store/streams/channels.ts";
import { findReminders } from "../store/streams/reminders.ts";
import { findStreams } from "../store/streams/streams.ts";
import { type Item, parseItem } from "../table/items.ts";
import { type Key, key, prefix } from "../table/keys.ts";
import { queryPages } from "../table/query.ts";
import { listOwnAccess, listOwnBans, listOwnMessages, listOwnVotes } from "./export-found.ts";
import { bytesOf, bytesOfKindMax, listUntilFull } from "./export-limits.ts";
import { exportedMax, Invitation, type OwnData, ShownGift, ShownStream } from "./own-data.ts";

/** Items of one page, after which the bytes are counted. */
const pageSize = 50;

/** The newest items of one kind, one more than an export holds. */
async function newest(place: Key, start: string): Promise<Item[]> {
  const walk = { limit: exportedMax + 1, newestFirst: true, consistent: true, pageSize };
  const items: Item[] = [];
  let bytes = 0;
  for await (const page of queryPages(place, { prefix: start }, walk)) {
    items.push(...page);
    bytes += bytesOf(page);
    if (bytes > 2 * bytesOfKindMax) break;
  }
  return items;
}

/** Reads all data about a user: at most 1,000 items of each kind, the newest. */
export async function collectOwnData(userId: string, now: Date): Promise<OwnData> {
  const own = (start: string) => newest(key.profile(userId), start);
  const traced = (start: string) => newest(key.tracedStream(userId, ""), start);
  const [profile, { wallet, pending }, streamTraces, banTraces, gifts] = await Promise.all([
    findProfile(userId, { consistent: true }),
    readWalletWithPending(userId),
    traced(prefix.tracedStreams),
    traced(prefix.tracedBans),
    traced(prefix.tracedGifts),
  ]);
  const streamIds = idsIn(streamTraces, "streamId");
  const notes = await listNotifications(userId, {}, exportedMax + 1, now, 2 * bytesOfKindMax);
  const [devices, following, followers, hosted, invitations] = await Promise.all([
    own(prefix.devices),
    own(prefix.following),
    own(prefix.followers),
    own(prefix.hosted),
    own(prefix.guestOf),
  ]);
  const [entries, messages, votes, likes] = await Promise.all([
    listNewest(userId, wallet.seq, wallet.since ?? 0),
    listOwnMessages(userId, streamIds),
    listOwnVotes(userId, streamIds),
    listLikes(streamIds, userId),
  ]);
  const lists = {
    transactions: entries.map(shownEntry),
    gifts: gifts.map((trace) => parseItem(ShownGift, trace)),
    messages: messages.list,
    notifications: notes.map(notificationOf),
    devices: devices.map(withoutKey),
    following: following.map((item) => parseItem(Relation, item)),
    followers: followers.map((item) => parseItem(Relation, item)),
    reminders: await findReminders(userId, streamIds),
    streams: await withTexts(hosted.map(withoutKey)),
    invitations: invitations.map((item) => parseItem(Invitation, item)),
    bans: await listOwnBans(idsIn(banTraces, "banId"), now),
    ...(await listOwnAccess(userId, entries)),
    likes,
    votes: votes.list,
  };
  const { balance, owed, spendLimit = null } = wallet;
  const channel = await findChannel(userId);
  const shown = cut(lists);
  const isCut = ([name, list]: [string, unknown[]]) =>
    shown[name as keyof typeof lists].length < list.length;
  const truncated = new Set(
    Object.entries(lists)
      .filter(isCut)
      .map(([name]) => name),
  );
  // If one of these lists is cut, what is found through it may be incomplete, too.
  const foundThrough: [Item[] | ChainedEntry[], string[]][] = [
    [streamTraces, ["messages", "reminders", "likes", "votes"]],
    [banTraces, ["bans"]],
    [entries, ["passes", "contributions"]],
  ];
  for (const [{ length }, names] of foundThrough)
    if (length > exportedMax) for (const name of names) truncated.add(name);
  if (messages.isCut) truncated.add("messages");
  if (votes.isCut) truncated.add("votes");
  return {
    userId,
    exportedAt: now.toISOString(),
    profile: profile ?? null,
    wallet: { balance, pending, owed, spendLimit },
    ...shown,
    channel: channel.revision === 0 ? null : channelSettingsOf(channel),
    truncated: [...truncated],
  };
}

function cut<Lists extends Record<string, unknown[]>>(lists: Lists): Lists {
  const short = Object.entries(lists).map(([name, list]) => [name, first(list)]);
  return Object.fromEntries(short) as Lists;
}

/** The part of a list that fits an export. */
function first<One>(list: readonly One[]): One[] {
  let bytes = 0;
  return list.slice(0, exportedMax).filter((one) => {
    bytes += bytesOf(one);
    return bytes <= bytesOfKindMax;
  });
}

const withoutKey = ({ PK: _, SK: __, writeId: ___, ...fields }: Item) => fields;

/** The streams of a host's list, as many as are exported, with the texts that the host wrote. */
const withTexts = (listed: readonly Record<string, unknown>[]) =>
  listUntilFull(listed, async (some) => {
    const ids = some.map(({ streamId }) => String(streamId));
    const streams = new Map((await findStreams(ids)).map((stream) => [stream.id, stream]));
    return some.map((one) => {
      const stream = streams.get(String(one.streamId));
      return stream === undefined ? one : { ...one, ...ShownStream.parse(stream) };
    });
  });

/** The newest of the user's entries, newest first: one more than an export holds. */
async function listNewest(userId: string, seq: number, since: number): Promise<ChainedEntry[]> {
  const entries = await listEntries(userId, Math.max(since, seq - exportedMax - 1) + 1, seq);
  return entries.reverse();
}

function shownEntry(entry: ChainedEntry) {
  const { counterpart: _, ...shown } = transactionOf(entry, null);
  return { ...shown, counterpartId: entry.counterpart };
}

/** The ids in the traces that an export follows: the first 1,000. */
const idsIn = (traces: readonly Item[], name: "streamId" | "banId"): string[] =>
  traces.slice(0, exportedMax).map((trace) => String(trace[name]));
