import { goalChangesOf, isGoalResultSound } from "../../domain/audience/goal.ts";
import { LikeItem, newestGoals } from "../../domain/audience/likes.ts";
import { endOf, MomentItem } from "../../domain/audience/moment.ts";
import { type Count, countVote, VoteItem } from "../../domain/audience/vote.ts";
import { type LogState, likesIn, openIn, timedIn } from "../../domain/log/sums.ts";
import { isOpenTrain } from "../../domain/log/train-progress.ts";
import { Gift } from "../../domain/money/gift-item.ts";
import { remainderOf } from "../store/audience/anonymous-remainder.ts";
import { type Item, keyText } from "../table/items.ts";
import { key, moneyKindOf } from "../table/keys.ts";
import {
  addGift,
  type CreditsGiven,
  creditsOf,
  isLiveSound,
  isResultSound,
  nothingGiven,
} from "./trains.ts";

/** A sum that differs from the stored items: the items concerned, and what is wrong. */
export type SumMisfit = { item: string; problem: string };

/** An action may still be missing in a log whose newest time is at most this many seconds later. */
const marginSeconds = 10;

/** The sums of a log, as of its newest frame or of the mark of what was posted. */
type LogEnd = LogState & { n: number; newest: number };

/** One stream: the sums of its log, its stored likes, and the records that the log may yet get. */
type LogSums = { log: LogEnd; likes: number; waiting: Set<string> };

/** A moment with its stored actions. */
type Tally = Count & {
  /** Votes accepted while a call ended the poll early. Results up to 0.2.0 lack these votes. */
  late: Count;
  moment: MomentItem;
  likes: number;
  changes: ReturnType<typeof goalChangesOf>;
  giving: CreditsGiven;
};

/**
 * Verifies that likes and votes, and the gifts and likes of goals, match the sums of the logs while
 * a moment is open, and its result once it has ended. Reads the items twice (once if there is
 * nothing to compare) and keeps the moments in memory.
 */
export async function listSumMisfits(read: () => AsyncIterable<Item>): Promise<SumMisfit[]> {
  const misfits: SumMisfit[] = [];
  const readable = () => withoutBroken(read(), misfits);
  const found = await readMoments(readable());
  if (found.isEmpty) return misfits;
  const { byStream, tallies } = found;
  misfits.length = 0;
  await countAll(readable(), found);
  for (const [streamId, { log, likes, waiting }] of byStream) {
    const item = keyText(key.log(streamId));
    const shown = likesIn(log);
    if (shown !== likes && waiting.size === 0)
      misfits.push({
        item,
        problem: `likes of stream ${streamId}: the log has ${shown}, stored are ${likes}`,
      });
    for (const train of (log.moments ?? []).filter(isOpenTrain)) {
      const isNew = Date.parse(train.startedAt) / 1000 >= log.newest - marginSeconds;
      if (isNew || waiting.size > 0 || tallies.has(train.id)) continue;
      misfits.push({ item, problem: `train ${train.id}: it is in the log and not stored` });
    }
  }
  const kept = new Set(newestGoals([...tallies.values()].map(({ moment }) => moment)));
  for (const tally of tallies.values()) misfits.push(...misfitsOf(tally, byStream, kept));
  return misfits;
}

function misfitsOf(tally: Tally, byStream: Map<string, LogSums>, kept: Set<string>): SumMisfit[] {
  const { id, streamId, status, result, kind, target = 0 } = tally.moment;
  const logSums = byStream.get(streamId);
  const item = keyText(key.moment(streamId, id));
  const stored = storedIn(tally);
  const differs = (what: string, is: unknown) => ({
    item,
    problem: `${kind} ${id}: ${what} ${JSON.stringify(is)}, stored is ${JSON.stringify(stored)}`,
  });
  if (result !== undefined) {
    if ("votes" in result) {
      const isSame = [allVotesIn(tally), tally].some(
        ({ votes, voters }) => same(result.votes, votes) && result.voters === voters,
      );
      return isSame ? [] : [differs(`the result of ${result.voters} voters is`, result.votes)];
    }
    if ("level" in result) {
      const isSame = isResultSound(result, tally.giving, tally.moment);
      return isSame ? [] : [differs("the result is", result)];
    }
    const { likes, changes, moment } = tally;
    const counted = kept.has(id) ? likes : Math.max(likes, result.amount);
    const isSame =
      moment.of === "likes"
        ? same({ amount: counted, reached: counted >= target }, result)
        : isGoalResultSound(result, changes, target);
    return isSame ? [] : [differs("the result is", result)];
  }
  const isKnown = logSums !== undefined && openIn(logSums.log).some((one) => one.id === id);
  if (status !== "open" || !isKnown || logSums.waiting.size > 0) return [];
  const live = logSums.log.sums?.[id];
  const isSame =
    kind === "train" ? isLiveSound(logSums.log, tally.giving, tally.moment) : same(live, stored);
  return isSame ? [] : [differs("the log has", live)];
}

/** The schemas of the items counted here; the audit of the money reads gifts. */
const schemas = { moment: MomentItem, like: LikeItem, vote: VoteItem };

/** The items without those that do not fit their kind, which are reported. */
async function* withoutBroken(
  items: AsyncIterable<Item>,
  misfits: SumMisfit[],
): AsyncGenerator<Item> {
  for await (const item of items) {
    const { kind } = moneyKindOf(item);
    const schema = kind in schemas ? schemas[kind as keyof typeof schemas] : undefined;
    if (schema === undefined || schema.safeParse(item).success) yield item;
    else misfits.push({ item: `${item.PK} ${item.SK}`, problem: `is no ${kind}` });
  }
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const allVotesIn = ({ votes, voters, late }: Tally): Count => ({
  votes: votes.map((n, at) => n + (late.votes[at] ?? 0)),
  voters: voters + late.voters,
});

const storedIn = (tally: Tally) => {
  const { moment, likes, changes, giving } = tally;
  if (moment.kind === "poll") return allVotesIn(tally).votes;
  if (moment.kind === "train") return creditsOf(giving);
  if (moment.of === "likes") return likes;
  return changes.reduce((sum, { amount }) => sum + amount, 0);
};

const noLogSums = (): LogSums => ({ log: { n: -1, newest: 0 }, likes: 0, waiting: new Set() });

/** The moments, the newest frame of each log, and when users were deleted. */
async function readMoments(items: AsyncIterable<Item>) {
  const byStream = new Map<string, LogSums>();
  const tallies = new Map<string, Tally>();
  const inherited = new Map<string, { leftAt: string }>();
  let isEmpty = true;
  for await (const item of items) {
    const { kind, owner } = moneyKindOf(item);
    if (kind === "moment" || kind === "like" || kind === "vote" || kind === "rest") isEmpty = false;
    if (kind === "moment") {
      const moment = MomentItem.parse(item);
      const none = { votes: (moment.options ?? []).map(() => 0), voters: 0 };
      const more = { likes: 0, changes: [], giving: nothingGiven() };
      tallies.set(moment.id, { moment, ...none, late: { ...none }, ...more });
    } else if (kind === "log" || kind === "frame") {
      const n = Number(kind === "log" ? item.posted : item.n);
      const known = byStream.get(owner) ?? noLogSums();
      if (n <= known.log.n) continue;
      const { sums, moments } = item as LogState;
      if (sums !== undefined) isEmpty = false;
      const log = { n, newest: Number(item.newest ?? 0), sums, moments };
      byStream.set(owner, { ...known, log });
    } else if (kind === "wallet" && typeof item.leftAt === "string")
      inherited.set(owner, { leftAt: item.leftAt });
  }
  return { byStream, tallies, inherited, isEmpty };
}

const isSent = ({ kind }: Item) => kind === "gift" || kind === "superlike";

/** Adds likes, votes and gifts to the sums and tallies. */
async function countAll(
  items: AsyncIterable<Item>,
  { byStream, tallies, inherited }: Awaited<ReturnType<typeof readMoments>>,
): Promise<void> {
  const covered = new Set<string>();
  const goals = [...tallies.values()].filter(
    ({ moment: { kind, of } }) => kind === "train" || of === "credits" || of === "gifts",
  );
  const wait = (logSums: LogSums | undefined, recordId: string, at: string) => {
    const isNew = Date.parse(at) / 1000 >= (logSums?.log.newest ?? 0) - marginSeconds;
    if (isNew) logSums?.waiting.add(recordId);
  };
  for await (const item of items) {
    const { kind, owner } = moneyKindOf(item);
    const [ownerId = ""] = owner.split("#");
    if (kind === "like") {
      const like = LikeItem.parse(item);
      const logSums = byStream.get(ownerId) ?? noLogSums();
      byStream.set(ownerId, logSums);
      logSums.likes += like.likes;
      for (const [id, n] of Object.entries(like.goals ?? {})) addLikes(tallies.get(id), n);
      wait(logSums, like.change, like.at);
    } else if (kind === "vote") {
      const vote = VoteItem.parse(item);
      addVote(tallies.get(vote.momentId), vote);
      wait(byStream.get(vote.streamId), vote.change, vote.at);
    } else if (kind === "rest") {
      addRest(ownerId, item, byStream, tallies);
    } else if (kind === "gift" && isSent(item) && goals.length > 0) {
      const { data: gift } = Gift.safeParse(item);
      if (gift === undefined) continue;
      const { log } = byStream.get(owner) ?? {};
      const own = goals.filter(({ moment }) => moment.streamId === gift.streamId);
      for (const { moment, changes, giving } of own)
        if (moment.kind === "train") addGift(giving, gift, moment, log, inherited);
        else changes.push(...goalChangesOf(gift, timedIn(moment, log ?? {})));
      wait(byStream.get(owner), `gift:${gift.id}`, gift.createdAt);
      if (gift.refundedAt !== undefined)
        wait(byStream.get(owner), `gift:${gift.id}:refunded`, gift.refundedAt);
    } else if (kind === "frame") {
      const { newest = 0 } = byStream.get(owner)?.log ?? {};
      if (Number(item.newest ?? 0) >= newest - marginSeconds)
        for (const id of String(item.covers ?? "").split(" ")) covered.add(id);
    }
  }
  for (const { waiting } of byStream.values())
    for (const id of waiting) if (covered.has(id)) waiting.delete(id);
}

function addLikes(tally: Tally | undefined, n: number): void {
  if (tally !== undefined) tally.likes += n;
}

function addVote(tally: Tally | undefined, { options, at }: VoteItem): void {
  if (tally === undefined) return;
  const count = at >= endOf(tally.moment) ? tally.late : tally;
  Object.assign(count, countVote(count, options));
}

/** Adds the likes of a stream, or the votes of a poll, of erased users. */
function addRest(
  id: string,
  item: Item,
  byStream: ReadonlyMap<string, LogSums>,
  tallies: ReadonlyMap<string, Tally>,
): void {
  const { count, parts } = remainderOf(item);
  const tally = tallies.get(id);
  if (tally !== undefined) {
    tally.voters += count;
    tally.votes = tally.votes.map((n, at) => n + (parts.get(String(at)) ?? 0));
    return;
  }
  const logSums = byStream.get(id);
  if (logSums !== undefined) logSums.likes += count;
  for (const [goal, n] of parts) addLikes(tallies.get(goal), n);
}
