import * as z from "zod";
import { type Gift, refundedCredits } from "../money/gift-item.ts";
import { summaryOf } from "../people/user.ts";
import type { TrainSettings } from "../streams/stream.ts";
import { hashOf } from "../text.ts";
import type { TrainResult } from "./moment.ts";

/** What a gift or superlike gives to trains; a refund is negative and has its gift's time. */
export type TrainContribution = { by: string; at: string; credits: number };

/**
 * Recent gifts that may start a train. Senders are stored as hashes of their ids, because frames
 * store the window.
 */
export const TrainWindow = z.object({
  /** The time of the newest gift, and the credits of that millisecond. */
  latest: z.string(),
  latestCredits: z.number().int(),
  /**
   * Credits by tenth of the window (counted since 1970) and sender; "" stands for dropped senders.
   */
  given: z.array(z.tuple([z.number().int(), z.string(), z.number().int()])),
});
export type TrainWindow = z.infer<typeof TrainWindow>;

/** The largest number of entries with a sender. A train requires at most 50 senders. */
const entriesMax = 100;

const tenths = 10;
const tenthMilliseconds = (windowSeconds: number) => (windowSeconds * 1000) / tenths;
const tenthOf = (at: string, windowSeconds: number) =>
  Math.floor(Date.parse(at) / tenthMilliseconds(windowSeconds));

/** A user's mark in a window: 53 bits of a hash of their id. */
function markOf(userId: string): string {
  const [a, b] = hashOf(userId);
  return (2 ** 32 * (b >>> 11) + a).toString(36);
}

/** The window with one more gift, or without one that was refunded. */
export function addToWindow(
  window: TrainWindow | undefined,
  { by, at, credits }: TrainContribution,
  { windowSeconds }: TrainSettings,
): TrainWindow {
  const { latest = at, latestCredits = 0, given = [] } = window ?? {};
  const isNewest = at > latest;
  const [tenth, mark] = [tenthOf(at, windowSeconds), markOf(by)];
  const own = (place: (typeof given)[number]) => place[0] === tenth && place[1] === mark;
  const known = given.find(own)?.[2] ?? 0;
  const rest = given.filter((place) => !own(place));
  const sum = known + credits;
  const all = sum > 0 ? [...rest, [tenth, mark, sum] as (typeof given)[number]] : rest;
  const now = isNewest ? at : latest;
  return {
    latest: now,
    latestCredits: (isNewest ? 0 : latestCredits) + (at === now ? credits : 0),
    given: shorten(within(all, now, windowSeconds)),
  };
}

/** The entries inside a window that ends with its newest gift: a tenth counts by its middle. */
function within(given: TrainWindow["given"], latest: string, windowSeconds: number) {
  const from = Date.parse(latest) - windowSeconds * 1000;
  const length = tenthMilliseconds(windowSeconds);
  return given.filter(([tenth]) => (tenth + 0.5) * length > from);
}

/**
 * Drops the senders from entries above the limit: first the oldest entries of senders who gave more
 * than once, so that as many senders are counted as a train can require.
 */
function shorten(given: TrainWindow["given"]): TrainWindow["given"] {
  const named = given.filter(([, mark]) => mark !== "");
  if (named.length <= entriesMax) return given;
  const inOrder = [...named].sort(([a], [b]) => a - b);
  const gaveAgain = (entry: (typeof named)[number], at: number) =>
    inOrder.slice(at + 1).some(([, mark]) => mark === entry[1]);
  const leftOut = inOrder.find(gaveAgain) ?? inOrder[0];
  if (leftOut === undefined) return given;
  const [tenth, mark, credits] = leftOut;
  const left = given.filter(
    (entry) => entry[0] !== tenth || (entry[1] !== mark && entry[1] !== ""),
  );
  const unnamed = given.find((entry) => entry[0] === tenth && entry[1] === "")?.[2] ?? 0;
  return [...left, [tenth, "", unnamed + credits]];
}

/** Whether the gifts in the window start a train. */
export function startsTrain(
  { given }: TrainWindow,
  { startCredits, startSenders }: TrainSettings,
): boolean {
  const credits = given.reduce((sum, [, , n]) => sum + n, 0);
  const senders = new Set(given.map(([, mark]) => mark).filter((mark) => mark !== ""));
  return credits >= startCredits && senders.size >= startSenders;
}

/** The window, converted to settings with another window length. */
export const rescaleWindow = (
  window: TrainWindow | undefined,
  before: number,
  after: number,
): TrainWindow | undefined =>
  window && {
    ...window,
    given: within(
      window.given.map(([tenth, mark, n]) => [
        Math.floor(((tenth + 0.5) * before) / after),
        mark,
        n,
      ]),
      window.latest,
      after,
    ),
  };

/** What a gift gave between two times, less its refund if that was also between them. */
export function netCreditsOf(gift: Gift, startedAt: string, endedAt: string): number {
  const { createdAt, refundedAt, kind } = gift;
  if (kind === "pass" || createdAt < startedAt || createdAt >= endedAt) return 0;
  return refundedAt !== undefined && refundedAt < endedAt ? 0 : refundedCredits(gift);
}

/** The largest number of users that a result names. */
export const topMax = 3;

/**
 * What was given to a train, counted from its gifts, and who gave most; ties in favour of the first
 * to give. Gifts of deleted users count, but these users are not among the top.
 */
export function trainCountOf(
  gifts: readonly Gift[],
  { startedAt, endedAt }: { startedAt: string; endedAt: string },
  defaultPicture: string,
  isOfDeleted: (gift: Gift) => boolean,
): Pick<TrainResult, "credits" | "top"> {
  const bySender = new Map<string, { sender: Gift["sender"]; at: string; credits: number }>();
  let credits = 0;
  for (const gift of gifts) {
    const net = netCreditsOf(gift, startedAt, endedAt);
    if (net === 0) continue;
    credits += net;
    const { sender, createdAt } = gift;
    if (isOfDeleted(gift)) continue;
    const { at = "", credits: before = 0 } = bySender.get(sender.userId) ?? {};
    const last = at < createdAt ? createdAt : at;
    bySender.set(sender.userId, { sender, at: last, credits: before + net });
  }
  const top = [...bySender.values()]
    .sort((a, b) => b.credits - a.credits || (a.at < b.at ? -1 : Number(a.at > b.at)))
    .slice(0, topMax)
    .map(({ sender, credits }) => ({ user: summaryOf(sender, defaultPicture), credits }));
  return { credits, top };
}

/** The level that these credits reach. */
export const levelOf = (credits: number, levels: readonly number[]): number =>
  levels.filter((least) => credits >= least).length;

/** The time this many seconds later. */
export const secondsAfter = (at: string, seconds: number): string =>
  new Date(Date.parse(at) + seconds * 1000).toISOString();

/**
 * The progress of a train whose gifts are all known: each level extends its time, so gifts count in
 * the order of their times.
 */
export function trainAsOf(
  gifts: readonly Gift[],
  train: { startedAt: string; endsAt: string; level: number; isSealed: boolean },
  { levels, levelSeconds }: Pick<TrainSettings, "levels" | "levelSeconds">,
): { level: number; endsAt: string; credits: number } {
  const { startedAt, isSealed } = train;
  let { level, endsAt } = train;
  for (;;) {
    const credits = gifts.reduce((sum, gift) => sum + netCreditsOf(gift, startedAt, endsAt), 0);
    const reached = Math.max(level, levelOf(credits, levels));
    if (reached === level) return { level, endsAt, credits };
    if (!isSealed) endsAt = secondsAfter(endsAt, (reached - level) * levelSeconds);
    level = reached;
  }
}
