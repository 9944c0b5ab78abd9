import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { admin, call, liveStream, person } from "../api/people.ts";
import { attackers, statusOf } from "./attacker-list.ts";
import { print, quantile, round, wait } from "./figures.ts";
import {
  attempt,
  countOf,
  emptyTally,
  type Outcome,
  outcomeOf,
  type Tally,
  triesOf,
} from "./tally.ts";

const seconds = { pause: 3, quiet: 8, attacked: 8 };
const honestUsers = 10;
/** Between two requests of an honest user. */
const honestPauseMilliseconds = 500;

/** An attacker that is ready. */
type Attacker = { flood(seconds: number): Promise<Tally>; end(): Promise<number> };

async function startAttacker(name: string): Promise<Attacker> {
  const file = join(import.meta.dirname, "attacker-thread.ts");
  const thread = new Worker(file, { workerData: name });
  await once(thread, "message");
  return {
    async flood(seconds) {
      thread.postMessage(seconds);
      const [tally] = await once(thread, "message");
      return tally;
    },
    end: () => thread.terminate(),
  };
}

/** Ten users who read their balance and chat in turn. */
async function openHonest(): Promise<(() => Promise<Outcome>)[]> {
  const { id } = await liveStream();
  return Promise.all(
    Array.from({ length: honestUsers }, async () => {
      const as = await person();
      const chat = `POST /api/v1/live-stream/${id}/chat/messages`;
      let n = 0;
      const act = async () =>
        outcomeOf(
          n++ % 2 === 0
            ? await statusOf("GET /api/v1/wallet", { as })
            : await statusOf(chat, { as, body: { content: "Hi" } }),
        );
      await act();
      await act();
      return act;
    }),
  );
}

/** Lets the honest users act for some seconds, next to attackers. */
async function run(
  honest: readonly (() => Promise<Outcome>)[],
  attacking: readonly Attacker[],
  forSeconds: number,
) {
  const tally = emptyTally();
  const before = await call("GET /local/cost");
  const began = performance.now();
  const goesOn = () => performance.now() - began < 1000 * forSeconds;
  const users = honest.map(async (act, at) => {
    await wait((honestPauseMilliseconds * at) / honest.length);
    for (; goesOn(); await wait(honestPauseMilliseconds)) await attempt(tally, act);
  });
  const floods = Promise.all(attacking.map(({ flood }) => flood(forSeconds)));
  await Promise.all(users);
  const flooded = await floods;
  const after = await call("GET /local/cost");
  const dollars: number = after.body.dollars.total - before.body.dollars.total;
  return { tally, flooded, dollars, seconds: (performance.now() - began) / 1000 };
}

/** What attackers were answered, such as `35 × 200, 157 × 429`. */
function answersOf(flooded: readonly Tally[]): string {
  const all = new Set(flooded.flatMap(({ outcomes }) => [...outcomes.keys()]));
  const sumOf = (outcome: Outcome) =>
    flooded.reduce((sum, tally) => sum + countOf(tally, outcome), 0);
  return [...all].map((outcome) => `${sumOf(outcome)} × ${outcome}`).join(", ");
}

/** The name of the run with several attackers. */
const together = "the first five at once";

/** Measures the honest users with some attackers, compared with the seconds just before. */
async function measure(
  name: string,
  of: readonly string[],
  honest: Awaited<ReturnType<typeof openHonest>>,
) {
  const attacking = await Promise.all(of.map(startAttacker));
  await wait(1000 * seconds.pause);
  const quiet = await run(honest, [], seconds.quiet);
  const loaded = await run(honest, attacking, seconds.attacked);
  await Promise.all(attacking.map(({ end }) => end()));
  const [p50, p99] = [0.5, 0.99].map((share) => ({
    quiet: quantile(quiet.tally.milliseconds, share),
    attacked: quantile(loaded.tally.milliseconds, share),
  }));
  const hourly = 3600 * (loaded.dollars / loaded.seconds - quiet.dollars / quiet.seconds);
  const tries = loaded.flooded.reduce((sum, tally) => sum + triesOf(tally), 0);
  return {
    attacker: name,
    "requests a second": round(tries / loaded.seconds),
    answers: answersOf(loaded.flooded),
    "honest p99 ms, quiet": round(p99!.quiet),
    "honest p99 ms": round(p99!.attacked),
    "p50 to quiet": round(p50!.attacked / p50!.quiet),
    "p99 to quiet": round(p99!.attacked / p99!.quiet),
    "honest failed": triesOf(loaded.tally) - countOf(loaded.tally, "done"),
    "$ an hour": round(hourly),
  };
}

/**
 * The attackers of the security review, one at a time and five at once, next to ten honest users
 * on a system with prod's limits; `only` names one of these runs by its beginning. The runner has
 * no firewall: each attacker sends at the rate that prod's firewall would let through. Prints how
 * much slower the honest users became, what the attackers were answered, and what an hour of it
 * costs beyond the honest users' share.
 */
export async function benchAttackers(only = ""): Promise<void> {
  await admin();
  const honest = await openHonest();
  const names = attackers.map(({ name }) => name);
  const all = [
    ...names.map((name) => [name, [name]] as const),
    [together, names.slice(0, 5)] as const,
  ];
  const runs = all.filter(([name]) => name.startsWith(only));
  if (runs.length === 0)
    throw new Error(`--run= expects the beginning of one of ${[...names, together].join("; ")}`);
  const rows: Awaited<ReturnType<typeof measure>>[] = [];
  for (const [name, of] of runs) rows.push(await measure(name, of, honest));
  print(`One attacker and ${honestUsers} honest users, ${seconds.attacked} s each`, rows);
}
