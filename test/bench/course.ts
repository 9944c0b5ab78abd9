import type { Rate } from "../../domain/rate.ts";
import { call, person } from "../api/people.ts";
import type { Attack, Outcome, Place } from "./attacks.ts";

/** What was seen of one or several users in a course. */
export type Seen = {
  tried: number;
  done: number;
  limited: number;
  errors: string[];
  /** Of each try that was done. */
  milliseconds: number[];
};

/** What the system has counted: calls to the table, posts to sockets, and what all that costs. */
type Spent = { table: number; posts: number; dollars: number };

export type Course = { honest: Seen; attacker: Seen; seconds: number; spent: Spent };

const nothing = (): Seen => ({ tried: 0, done: 0, limited: 0, errors: [], milliseconds: [] });
const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

const honestCount = 10;
/** Between two tries of an honest user. */
const honestMilliseconds = 800;
/** Tries at the same time of an attacker, where the attack names no other number. */
const atOnceDefault = 12;
/** A machine that has refused nobody by then is too slow for the attack. */
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

function note(seen: Seen, outcome: Outcome, milliseconds: number): void {
  seen.tried++;
  if (outcome === "done") {
    seen.done++;
    seen.milliseconds.push(milliseconds);
  } else if (outcome === "limited") seen.limited++;
  else seen.errors.push(outcome);
}

async function tryOnce(seen: Seen, act: () => Promise<Outcome>): Promise<void> {
  const began = performance.now();
  note(seen, await act().catch(String), performance.now() - began);
}

/**
 * People who do one kind of thing, each of whom has done it once before: what belongs to a first
 * sight is no part of what is measured. The last is the attacker.
 */
export async function openPeople(attack: Attack, place: Place) {
  const people = Array.from({ length: honestCount + 1 }, async () =>
    attack.open(await person(), place),
  );
  const hands = await Promise.all(people);
  await Promise.all(hands.slice(0, honestCount).map(({ act }) => act()));
  const attacker = hands[honestCount]!;
  const end = () => {
    for (const hand of hands) hand.end?.();
  };

  /**
   * Honest users for at least `secondsMin`, together with an attacker at `triesPerSecond` (0: none,
   * Infinity: as fast as it can), until it is refused.
   */
  async function run(secondsMin: number, triesPerSecond: number): Promise<Course> {
    const isAttacked = triesPerSecond > 0;
    const atOnce = attack.atOnce ?? atOnceDefault;
    const course = { honest: nothing(), attacker: nothing() };
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const goesOn = () =>
      elapsed() < secondsMin ||
      (isAttacked && course.attacker.limited === 0 && elapsed() < secondsMax);
    const before = await spent();
    const honest = hands.slice(0, honestCount).map(async ({ act }, at) => {
      await pause((honestMilliseconds * at) / honestCount);
      for (; goesOn(); await pause(honestMilliseconds)) await tryOnce(course.honest, act);
    });
    const attacks = Array.from({ length: isAttacked ? atOnce : 0 }, async (_, at) => {
      for (
        let due = (at * 1000) / triesPerSecond;
        goesOn();
        due += (atOnce * 1000) / triesPerSecond
      ) {
        await pause(Math.max(0, due - elapsed() * 1000));
        await tryOnce(course.attacker, attacker.act);
      }
    });
    await Promise.all([...honest, ...attacks]);
    const seconds = elapsed();
    const after = await spent();
    const { table, posts, dollars } = before;
    const difference = {
      table: after.table - table,
      posts: after.posts - posts,
      dollars: after.dollars - dollars,
    };
    return { ...course, seconds, spent: difference };
  }
  return { run, end };
}

/** What a bucket admits in this number of seconds. */
export const mayPass = ({ perSecond, burst }: Rate, seconds: number) => burst + perSecond * seconds;
