import type { Rate } from "../../domain/rate.ts";
import { call, person } from "../api/people.ts";
import type { Attack, Fixture, Outcome } from "./attacks.ts";

/** Outcomes of one or more users' attempts in a run. */
export type Tally = {
  tried: number;
  done: number;
  limited: number;
  errors: string[];
  /** Latency of each attempt that succeeded. */
  milliseconds: number[];
};

/** The system's counters: calls to the table, posts to sockets, and the price of everything. */
type Spent = { table: number; posts: number; dollars: number };

export type Run = { normal: Tally; attacker: Tally; seconds: number; spent: Spent };

const emptyTally = (): Tally => ({ tried: 0, done: 0, limited: 0, errors: [], milliseconds: [] });
const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

const normalCount = 10;
/** Between two attempts of a normal user. */
const normalMilliseconds = 800;
/** Concurrent attempts of the attacker, unless the attack sets another number. */
const atOnceDefault = 12;
/** A run ends after this even if no attempt was refused. */
const secondsMax = 12;

async function spent(): Promise<Spent> {
  const { body } = await call("GET /local/cost");
  const operations = Object.entries(body.byOperation as Record<string, { requests: number }>);
  const sum = (begins: string) =>
    operations
      .filter(([name]) => name.startsWith(begins))
      .reduce((total, [, { requests }]) => total + requests, 0);
  const dollars: number = body.dollars.total;
  return { table: sum("dynamodb:"), posts: sum("execute-api:"), dollars };
}

function count(tally: Tally, outcome: Outcome, milliseconds: number): void {
  tally.tried++;
  if (outcome === "done") {
    tally.done++;
    tally.milliseconds.push(milliseconds);
  } else if (outcome === "limited") tally.limited++;
  else tally.errors.push(outcome);
}

async function attempt(tally: Tally, act: () => Promise<Outcome>): Promise<void> {
  const began = performance.now();
  count(tally, await act().catch(String), performance.now() - began);
}

/**
 * Opens ten normal users and one attacker. Each normal user acts once beforehand, so that
 * first-call costs are not measured.
 */
export async function openClients(attack: Attack, fixture: Fixture) {
  const opening = Array.from({ length: normalCount + 1 }, async () =>
    attack.open(await person(), fixture),
  );
  const clients = await Promise.all(opening);
  await Promise.all(clients.slice(0, normalCount).map(({ act }) => act()));
  const attacker = clients[normalCount]!;
  const end = () => {
    for (const client of clients) client.end?.();
  };

  /**
   * Runs the normal users for at least `secondsMin`, with an attacker at `triesPerSecond` (0: none,
   * Infinity: as fast as possible), until the attacker is refused.
   */
  async function run(secondsMin: number, triesPerSecond: number): Promise<Run> {
    const isAttacked = triesPerSecond > 0;
    const atOnce = attack.atOnce ?? atOnceDefault;
    const tallies = { normal: emptyTally(), attacker: emptyTally() };
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const goesOn = () =>
      elapsed() < secondsMin ||
      (isAttacked && tallies.attacker.limited === 0 && elapsed() < secondsMax);
    const before = await spent();
    const normal = clients.slice(0, normalCount).map(async ({ act }, at) => {
      await pause((normalMilliseconds * at) / normalCount);
      for (; goesOn(); await pause(normalMilliseconds)) await attempt(tallies.normal, act);
    });
    const attacks = Array.from({ length: isAttacked ? atOnce : 0 }, async (_, at) => {
      for (
        let due = (at * 1000) / triesPerSecond;
        goesOn();
        due += (atOnce * 1000) / triesPerSecond
      ) {
        await pause(Math.max(0, due - elapsed() * 1000));
        await attempt(tallies.attacker, attacker.act);
      }
    });
    await Promise.all([...normal, ...attacks]);
    const seconds = elapsed();
    const after = await spent();
    const { table, posts, dollars } = before;
    const difference = {
      table: after.table - table,
      posts: after.posts - posts,
      dollars: after.dollars - dollars,
    };
    return { ...tallies, seconds, spent: difference };
  }
  return { run, end };
}

/** Calls that a bucket admits within this many seconds. */
export const allowance = ({ perSecond, burst }: Rate, seconds: number) =>
  burst + perSecond * seconds;
