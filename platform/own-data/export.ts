import type * as z from "zod";
import type { LikeItem } from "../../domain/audience/likes.ts";
import type { VoteItem } from "../../domain/audience/vote.ts";
import { type ChainedEntry, transactionOf } from "../../domain/money/ledger.ts";
import { Relation } from "../../domain/people/follow.ts";
import { notificationOf } from "../../domain/people/notification.ts";
import { channelSettingsOf } from "../../domain/streams/channel.ts";
import { eachVote, findLike } from "../store/audience/leaving.ts";
import { readWhole } from "../store/money/balances.ts";
import { listEntries } from "../store/money/ledger.ts";
import { listNotifications } from "../store/people/notification-lists.ts";
import { findProfile } from "../store/people/users.ts";
import { findBan } from "../store/streams/bans.ts";
import { findChannel } from "../store/streams/channels.ts";
import { findMember } from "../store/streams/members.ts";
import { findReminders } from "../store/streams/reminders.ts";
import { findStreams } from "../store/streams/streams.ts";
import { type Item, read } from "../table/items.ts";
import { type Key, key, prefix } from "../table/keys.ts";
import { queryPages } from "../table/query.ts";
import {
  exportedMax,
  Invitation,
  type OwnData,
  ShownBan,
  type ShownContribution,
  ShownMessage,
  type ShownPass,
  ShownStream,
} from "./own-data.ts";

/** The most bytes of each kind in one export: all of them fit the 6 MB of a Lambda response. */
const bytesOfKindMax = 400 * 1024;

/** The most messages of all streams, and bytes, that one export reads to find the user's own. */
const lookedAtMax = 20_000;
const lookedAtBytesMax = 4 * 1024 * 1024;

/** Items of one page, after which the bytes are counted. */
const pageSize = 50;

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

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

/** Reads all data about a user: the newest 1,000 items of each kind. */
export async function collectOwnData(userId: string, now: Date): Promise<OwnData> {
  const own = (start: string) => newest(key.profile(userId), start);
  const traced = (start: string) => newest(key.tracedStream(userId, ""), start);
  const [profile, { wallet, pending }, streamTraces, banTraces] = await Promise.all([
    findProfile(userId, { consistent: true }),
    readWhole(userId),
    traced(prefix.tracedStreams),
    traced(prefix.tracedBans),
  ]);
  const streamIds = idsIn(streamTraces, "streamId");
  const notes = await listNotifications(userId, {}, exportedMax + 1, now, 2 * bytesOfKindMax);
  const [devices, following, followers, hosted, invitations, entries, messages] = await Promise.all(
    [
      own(prefix.devices),
      own(prefix.following),
      own(prefix.followers),
      own(prefix.hosted),
      own(prefix.guestOf),
      listNewest(userId, wallet.seq, wallet.since ?? 0),
      listOwnMessages(userId, streamIds),
    ],
  );
  const lists = {
    transactions: entries.map(shownEntry),
    messages: messages.list,
    notifications: notes.map(notificationOf),
    devices: devices.map(withoutKey),
    following: following.map((item) => read(Relation, item)),
    followers: followers.map((item) => read(Relation, item)),
    reminders: await findReminders(userId, streamIds),
    streams: await withTexts(hosted.map(withoutKey)),
    invitations: invitations.map((item) => read(Invitation, item)),
    bans: await listOwnBans(idsIn(banTraces, "banId"), now),
    passes: await listOwnPasses(userId, entries),
    contributions: await listOwnContributions(userId, entries),
    ...(await listOwnCrowd(userId, streamIds)),
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
  // What is found through a list that is cut may have more, too.
  const foundThrough: [Item[] | ChainedEntry[], string[]][] = [
    [streamTraces, ["messages", "reminders", "likes", "votes"]],
    [banTraces, ["bans"]],
    [entries, ["passes", "contributions"]],
  ];
  for (const [{ length }, names] of foundThrough)
    if (length > exportedMax) for (const name of names) truncated.add(name);
  if (messages.isCut) truncated.add("messages");
  return {
    ...{ userId, exportedAt: now.toISOString(), profile: profile ?? null },
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
async function withTexts(listed: Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
  const ids = listed.slice(0, exportedMax).map(({ streamId }) => String(streamId));
  const streams = new Map((await findStreams(ids)).map((stream) => [stream.id, stream]));
  return listed.map((one) => {
    const stream = streams.get(String(one.streamId));
    return stream === undefined ? one : { ...one, ...ShownStream.parse(stream) };
  });
}

/** The newest of the user's entries, newest first: one more than an export holds. */
async function listNewest(userId: string, seq: number, since: number): Promise<ChainedEntry[]> {
  const entries = await listEntries(userId, Math.max(since, seq - exportedMax - 1) + 1, seq);
  return entries.reverse();
}

function shownEntry(entry: ChainedEntry) {
  const { counterpart: _, ...shown } = transactionOf(entry, null);
  return { ...shown, counterpartId: entry.counterpart };
}

/** The ids in as many traces as are followed. */
const idsIn = (traces: readonly Item[], name: "streamId" | "banId"): string[] =>
  traces.slice(0, exportedMax).map((trace) => String(trace[name]));

/** The user's messages, newest stream first; deleted ones have no text and are omitted. */
async function listOwnMessages(userId: string, streamIds: readonly string[]) {
  const list: z.infer<typeof ShownMessage>[] = [];
  let [looked, lookedBytes] = [0, 0];
  for (const streamId of streamIds) {
    const pages = queryPages(
      key.message(streamId, 0),
      { prefix: prefix.messages },
      { newestFirst: true, consistent: true, pageSize: 1_000 },
    );
    for await (const page of pages) {
      for (const item of page) {
        const sender = item.sender as { userId?: unknown } | undefined;
        if (sender?.userId !== userId || item.content === undefined) continue;
        list.push(read(ShownMessage, item));
      }
      looked += page.length;
      lookedBytes += bytesOf(page);
      if (list.length > exportedMax || looked > lookedAtMax || lookedBytes > lookedAtBytesMax)
        return { list, isCut: true };
    }
  }
  return { list, isCut: false };
}

/** The user's likes and votes. */
async function listOwnCrowd(userId: string, streamIds: readonly string[]) {
  const found = { likes: [] as LikeItem[], votes: [] as VoteItem[] };
  for (const streamId of streamIds) {
    const like = await findLike(streamId, userId);
    if (like !== undefined) found.likes.push(like);
    for await (const vote of eachVote(streamId, userId)) found.votes.push(vote);
  }
  return found;
}

/** The passes paid for in the exported entries, if the user still has them. */
async function listOwnPasses(userId: string, entries: readonly ChainedEntry[]) {
  const passes: z.infer<typeof ShownPass>[] = [];
  for (const { type, streamId, giftId } of entries) {
    if (type !== "stream_charge" || streamId === null) continue;
    const pass = (await findMember(streamId, userId))?.pass;
    if (pass !== undefined && pass.giftId === giftId) passes.push({ streamId, at: pass.at });
  }
  return passes;
}

/**
 * The contributions in the exported entries, by stream, without those of a former user of the sub.
 */
async function listOwnContributions(userId: string, entries: readonly ChainedEntry[]) {
  const given = entries.filter(({ type }) => type === "stream_funding_contribution");
  const contributions: z.infer<typeof ShownContribution>[] = [];
  for (const streamId of new Set(given.map(({ streamId }) => streamId!))) {
    const member = await findMember(streamId, userId);
    const { contributed: amount, contributedAt: at, returnedAt = null } = member ?? {};
    if (amount === undefined || at === undefined || member?.isFormer) continue;
    contributions.push({ streamId, amount, at, returnedAt });
  }
  return contributions;
}

async function listOwnBans(
  banIds: readonly string[],
  now: Date,
): Promise<z.infer<typeof ShownBan>[]> {
  const bans: z.infer<typeof ShownBan>[] = [];
  for (const banId of banIds) {
    const ban = await findBan(banId, now);
    if (ban !== undefined) bans.push(ShownBan.parse(ban));
  }
  return bans;
}
