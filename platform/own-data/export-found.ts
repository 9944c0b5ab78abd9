/** Lists what an export finds through a user's traces and ledger entries. */
import type * as z from "zod";
import type { VoteItem } from "../../domain/audience/vote.ts";
import type { ChainedEntry } from "../../domain/money/ledger.ts";
import { banAsOf } from "../../domain/streams/ban.ts";
import { listVotes } from "../store/audience/anonymization.ts";
import { findBans } from "../store/streams/bans.ts";
import { listOwnMembers } from "../store/streams/members.ts";
import { parseItem } from "../table/items.ts";
import { key, prefix } from "../table/keys.ts";
import { queryPages } from "../table/query.ts";
import { bytesOf, listInStreams, listUntilFull } from "./export-limits.ts";
import {
  exportedMax,
  ShownBan,
  type ShownContribution,
  ShownMessage,
  type ShownPass,
} from "./own-data.ts";

/** The most messages of all streams, and bytes, that one export reads to find the user's own. */
const messagesMax = 20_000;
const messageBytesMax = 4 * 1024 * 1024;

/** The most polls, goals and trains of all streams that one export reads to find votes. */
const momentsMax = 1_000;

/** Items of one page: small, since the pages of several streams are read at once. */
const messagesOfPage = 100;
const momentsOfPage = 50;

/** The user's messages, newest stream first; deleted ones have no text and are omitted. */
export function listOwnMessages(userId: string, streamIds: readonly string[]) {
  let [looked, bytes] = [0, 0];
  return listInStreams(streamIds, async (streamId) => {
    const list: z.infer<typeof ShownMessage>[] = [];
    const walk = { newestFirst: true, pageSize: messagesOfPage };
    const range = { prefix: prefix.messages };
    for await (const page of queryPages(key.message(streamId, 0), range, walk)) {
      for (const item of page) {
        const sender = item.sender as { userId?: unknown } | undefined;
        if (sender?.userId !== userId || item.content === undefined) continue;
        list.push(parseItem(ShownMessage, item));
      }
      looked += page.length;
      bytes += bytesOf(page);
      if (list.length > exportedMax || looked > messagesMax || bytes > messageBytesMax)
        return { list, isCut: true };
    }
    return { list, isCut: false };
  });
}

/** The user's votes, newest stream first. */
export function listOwnVotes(userId: string, streamIds: readonly string[]) {
  let looked = 0;
  return listInStreams(streamIds, async (streamId) => {
    const list: VoteItem[] = [];
    const walk = { newestFirst: true, pageSize: momentsOfPage, fields: "id" };
    const range = { prefix: prefix.moments };
    for await (const page of queryPages(key.moment(streamId, ""), range, walk)) {
      const ids = page.map(({ id }) => String(id));
      list.push(...(await listVotes(ids, userId)));
      looked += page.length;
      if (looked > momentsMax) return { list, isCut: true };
    }
    return { list, isCut: false };
  });
}

/** The bans with these ids, in their current state, as an export shows them. */
export const listOwnBans = (banIds: readonly string[], now: Date) =>
  listUntilFull(banIds, async (ids) =>
    (await findBans(ids)).map((ban) => ShownBan.parse(banAsOf(ban, now))),
  );

/**
 * The passes paid for in the exported entries, if the user still has them, and the contributions in
 * these entries, by stream, without those of a former user of the sub.
 */
export async function listOwnAccess(userId: string, entries: readonly ChainedEntry[]) {
  const streamsOf = (kind: ChainedEntry["type"]) =>
    entries.flatMap(({ type, streamId }) => (type === kind && streamId !== null ? [streamId] : []));
  const given = new Set(streamsOf("stream_funding_contribution"));
  const ids = [...new Set([...given, ...streamsOf("stream_charge")])];
  const members = await listOwnMembers(ids, userId);
  const passes: z.infer<typeof ShownPass>[] = [];
  for (const { type, streamId, giftId } of entries) {
    if (type !== "stream_charge" || streamId === null) continue;
    const pass = members.get(streamId)?.pass;
    if (pass !== undefined && pass.giftId === giftId) passes.push({ streamId, at: pass.at });
  }
  const contributions: z.infer<typeof ShownContribution>[] = [];
  for (const streamId of given) {
    const member = members.get(streamId);
    const { contributed: amount, contributedAt: at, returnedAt = null } = member ?? {};
    if (amount === undefined || at === undefined || member?.isFormer) continue;
    contributions.push({ streamId, amount, at, returnedAt });
  }
  return { passes, contributions };
}
