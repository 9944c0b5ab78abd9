import type { Fact } from "../../domain/money/audit.ts";
import { secondsOfGift } from "../store/money/gifts.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";
import { createDebts } from "./debts.ts";
import { createEscrows } from "./escrows.ts";
import { createExactSums, createFactSums, type UnbalancedKey } from "./fact-sums.ts";
import { heldSince, listOverdueHolds } from "./held-gifts.ts";
import { createLedgerWalk } from "./ledger-walk.ts";
import { readItem, type Window } from "./read-item.ts";
import { listSumMisfits, type SumMisfit } from "./sum-misfits.ts";
import { addTo, noSums, type Sums } from "./sums.ts";

/** An inconsistency: the items concerned, and what is wrong. */
type Misfit = { items: string[]; problem: string };

export type Report = { sums: Sums; misfits: Misfit[]; more: number };

/** The largest number of inconsistencies that are listed; the rest are only counted. */
const namedMax = 1000;
/** Buckets handled by one additional pass, which bounds its memory to this share of all keys. */
const bucketsAtOnce = 256;
/**
 * The period that is checked for events: frames can be read for a day, and a gift of the last
 * seconds may still be on its way.
 */
const window = { seconds: 23 * 3600, marginSeconds: 10 };
/** A gift that is held for less than this may still be decided or released. */
const heldMilliseconds = 300_000;

/** How an audit reads its items. Each call of `read` starts at the first item. */
type AuditOptions = {
  read: () => AsyncIterable<Item>;
  now: Date;
  /**
   * How long an inconsistency is re-checked before it is reported, since a scan of a running system
   * is no snapshot. Anything that fits at one check, or differs between two, was in progress.
   */
  patienceMilliseconds: number;
  pause: (milliseconds: number) => Promise<void>;
};

/**
 * Verifies a table: every balance is the sum of its entries, every entry follows the previous one,
 * every debit has its credit, refund or pending part once, totals and leaderboards match the gifts,
 * the sums of the logs and the results of polls and goals match the stored items, every gift and
 * refund has its event, every debt was left by an admin's refund, no user paid for a gift of a
 * former one, every escrow had one outcome, and issued + owed = balances + pending + held + paid
 * out. One pass checks the money, with memory for the debtors, deleted users, refunds and funded
 * streams; one or two check the sums of the logs. Further passes only name inconsistencies.
 */
export async function audit({ read, now, patienceMilliseconds, pause }: AuditOptions) {
  const seconds = Math.floor(now.getTime() / 1000);
  const gifts = { from: seconds - window.seconds, to: seconds - window.marginSeconds };
  const first = await sumUp(read(), gifts);
  const report: Report = { sums: first.sums, misfits: first.misfits, more: first.more };
  if (first.debts.length > 0) {
    // This pass misses a refund that is made after its gift is read, but sees the debt that it
    // leaves if the wallet is read later. A second pass sees both.
    const again = new Set(
      (await listDebts(read(), gifts)).map(({ problem, item }) => item + problem),
    );
    for (const { item, problem } of first.debts)
      if (again.has(item + problem)) add(report, [item], problem);
  }
  if (first.heldSince < now.getTime() - heldMilliseconds) {
    const overdue = await listOverdueHolds(statements(read(), gifts), first.heldSince);
    for (const { item, problem } of overdue) add(report, [item], problem);
  }
  const all = { money: first.money.listOpen(), events: first.events.listOpen() };
  let before: Map<string, UnbalancedKey> | undefined;
  for (let spent = 0; ; spent += 1000) {
    const open = await nameAll(read, gifts, all);
    const same = [...open].filter(([key, { net }]) => (before?.get(key) ?? { net }).net === net);
    before = new Map(same.filter(([key]) => before === undefined || before.has(key)));
    if (before.size === 0 || spent >= patienceMilliseconds) break;
    await pause(1000);
  }
  for (const { key, net, items } of before.values()) add(report, items, `${key}: ${signed(net)}`);
  for (const { item, problem } of await proveSums({ read, patienceMilliseconds, pause }))
    add(report, [item], problem);
  return report;
}

/** Sums of the logs that differ from the stored items: those that stay so, in a table in use. */
async function proveSums(options: Omit<AuditOptions, "now">): Promise<SumMisfit[]> {
  const { read, patienceMilliseconds, pause } = options;
  let misfits = await listSumMisfits(read);
  for (let spent = 0; misfits.length > 0 && spent < patienceMilliseconds; spent += 1000) {
    await pause(1000);
    const before = new Set(misfits.map(({ problem }) => problem));
    misfits = (await listSumMisfits(read)).filter(({ problem }) => before.has(problem));
  }
  return misfits;
}

const signed = (net: number) => (net > 0 ? `${net} too much` : `${-net} missing`);

function add(report: Pick<Report, "misfits" | "more">, items: string[], problem: string): void {
  if (report.misfits.length < namedMax) report.misfits.push({ items, problem });
  else report.more++;
}

const nameOf = ({ PK, SK }: Item) => `${PK} ${SK}`;

/** All facts of all items, in order. Those of a ledger's end follow once the next item is read. */
async function* statements(items: AsyncIterable<Item>, gifts: Window) {
  const walk = createLedgerWalk();
  let ledger = "";
  for await (const item of items) {
    const { money, events, problems, entries } = readItem(item, gifts);
    const walked = entries === undefined ? { facts: walk.end(), problems: [] } : walk.next(entries);
    if (walked.facts.length > 0)
      yield { item: ledger, money: walked.facts, events: [], problems: [] };
    if (entries !== undefined) ledger = nameOf(item);
    const all = [...problems, ...walked.problems];
    yield { item: nameOf(item), money, events, problems: all, source: item, entries };
  }
  yield { item: ledger, money: walk.end(), events: [], problems: [] };
}

async function sumUp(items: AsyncIterable<Item>, gifts: Window) {
  const money = createFactSums();
  const events = createFactSums();
  const sums = noSums();
  const debts = createDebts();
  const escrows = createEscrows();
  const found: Pick<Report, "misfits" | "more"> = { misfits: [], more: 0 };
  let oldest = Number.POSITIVE_INFINITY;
  for await (const statement of statements(items, gifts)) {
    if (statement.source !== undefined) {
      addTo(sums, statement.source, statement.entries);
      debts.add(statement.source, statement.entries);
      escrows.add(statement.source);
      oldest = Math.min(oldest, heldSince(statement.source) ?? oldest);
    }
    for (const fact of statement.money) money.add(fact);
    for (const fact of statement.events) events.add(fact);
    for (const problem of statement.problems) add(found, [statement.item], problem);
  }
  for (const { item, problem } of escrows.listHalved()) add(found, [item], problem);
  return { money, events, sums, debts: debts.listUnexplained(), heldSince: oldest, ...found };
}

/** Debts that no admin's refund explains, and entries about gifts of former users. */
async function listDebts(items: AsyncIterable<Item>, gifts: Window) {
  const debts = createDebts();
  for await (const { source, entries } of statements(items, gifts))
    if (source !== undefined) debts.add(source, entries);
  return debts.listUnexplained();
}

/** The keys in open buckets that do not sum to zero; each pass covers a part of the buckets. */
async function nameAll(
  read: () => AsyncIterable<Item>,
  gifts: Window,
  all: { money: number[]; events: number[] },
): Promise<Map<string, UnbalancedKey>> {
  const named = new Map<string, UnbalancedKey>();
  const most = Math.max(all.money.length, all.events.length);
  for (let at = 0; at < most && named.size < namedMax; at += bucketsAtOnce) {
    const part = (buckets: number[]) => buckets.slice(at, at + bucketsAtOnce);
    const open = await name(read(), gifts, part(all.money), part(all.events));
    for (const one of open) named.set(one.key, one);
  }
  return named;
}

async function name(items: AsyncIterable<Item>, gifts: Window, money: number[], events: number[]) {
  const names = { money: createExactSums(money), events: createExactSums(events) };
  const logs: Logs = { newest: new Map(), resetAt: new Map(), refundedAt: new Map() };
  const keep = (facts: readonly Fact[], kind: keyof typeof names, item: string) => {
    for (const fact of facts) names[kind].add(fact, item);
  };
  for await (const statement of statements(items, gifts)) {
    keep(statement.money, "money", statement.item);
    keep(statement.events, "events", statement.item);
    if (statement.source !== undefined) noteLog(logs, statement.source);
  }
  const missing = names.events.listOpen().filter((open) => !isExpected(open, logs));
  return [...names.money.listOpen(), ...missing];
}

/**
 * In seconds since 1970: by stream, the time up to which its log includes its records, and the time
 * of its last reset; by gift, the time of its refund.
 */
type Logs = Record<"newest" | "resetAt" | "refundedAt", Map<string, number>>;

function noteLog({ newest, resetAt, refundedAt }: Logs, item: Item): void {
  const { kind, owner, rest } = moneyKindOf(item);
  if (kind === "gift" && item.refundedAt !== undefined)
    refundedAt.set(rest, Math.floor(Date.parse(String(item.refundedAt)) / 1000));
  if (kind !== "log" && kind !== "frame") return;
  newest.set(owner, Math.max(newest.get(owner) ?? 0, Number(item.newest ?? 0)));
  if (kind === "log") resetAt.set(owner, Number(item.resetAt ?? 0));
}

const eventKey = /^event of (the refund of )?gift ([0-9a-f]{24}) in stream (\S+)$/;

/**
 * Whether a missing event is expected: the stream's log has not reached the gift or refund yet (if
 * the process was killed, the next start sends the event), or the log was reset after it, as after
 * a restore from a backup.
 */
function isExpected({ key, net }: UnbalancedKey, { newest, resetAt, refundedAt }: Logs): boolean {
  const [, refund, giftId = "", streamId = ""] = eventKey.exec(key) ?? [];
  const madeAt = refund === undefined ? secondsOfGift(giftId) : (refundedAt.get(giftId) ?? 0);
  const isReset = madeAt <= (resetAt.get(streamId) ?? 0);
  const isOnItsWay = madeAt + window.marginSeconds >= (newest.get(streamId) ?? 0);
  return net < 0 && (isReset || isOnItsWay);
}
