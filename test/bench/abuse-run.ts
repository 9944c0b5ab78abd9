import type { Rate } from "../../domain/rate.ts";
import { call, person } from "../api/people.ts";
import type { Attack, Fixture } from "./attacks.ts";
import { wait as pause } from "./figures.ts";
import { attempt, countOf, emptyTally, type Tally } from "./tally.ts";

/** The system's counters: calls to the table, posts to sockets, and the price of everything. */
type Spent = { table: number; posts: number; dollars: number };

export type Run = { normal: Tally; attacker: Tally; seconds: number; spent: Spent };

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
      (isAttacked && countOf(tallies.attacker, "limited") === 0 && elapsed() < secondsMax);
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
