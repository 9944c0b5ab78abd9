/**
 * `npm run bench:peers [-- --quick] [-- --viewers=N --rate=N] [names]`: the same events to as many viewers on this machine
 * through Ovation, a textbook serverless broadcaster and two Socket.IO servers, in one run. Each
 * system has its processes for itself; viewers and speakers have theirs, on the same cores.
 */
import { print } from "../figures.ts";
import { startBroadcaster } from "./broadcaster.ts";
import type { Contender } from "./contender.ts";
import { startOvation } from "./ovation.ts";
import { type Audience, openAudience, play, type Row, type Run } from "./play.ts";
import { benchPosts } from "./posts.ts";
import { startSocketIo } from "./socket-io.ts";

const contenders: Record<string, () => Promise<Contender>> = {
  ovation: () => startOvation(),
  relay: () => startOvation("relay"),
  memory: () => startSocketIo("memory"),
  sqlite: () => startSocketIo("sqlite"),
  broadcaster: startBroadcaster,
};

const isQuick = process.argv.includes("--quick");
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const seconds = isQuick ? 5 : 8;
/** The whole numbers of an option such as `--rate=20,100`; undefined where it is not given. */
function numbersOf(name: string): number[] | undefined {
  const prefix = `--${name}=`;
  const given = process.argv.find((word) => word.startsWith(prefix))?.slice(prefix.length);
  const numbers = given?.split(",").map(Number);
  if (numbers?.some((number) => !Number.isInteger(number) || number < 1))
    throw new Error(`${prefix} takes whole numbers, found ${given}`);
  return numbers;
}

const sizes = numbersOf("viewers") ?? (isQuick ? [200] : [200, 1000]);
const rates = numbersOf("rate");
const runs: Run[] =
  rates === undefined
    ? [
        ...(isQuick ? [20] : [1, 20, 100]).map((rate) => ({ rate, seconds })),
        { rate: 20, seconds, fault: "sockets" },
        { rate: 20, seconds, fault: "server" },
        { rate: 20, seconds, fault: "relay" },
      ]
    : rates.map((rate) => ({ rate, seconds }));

const warming: Run = { rate: 20, seconds: 4 };

/** All runs of one system at one size. What it could not bear is not asked of it again. */
async function measure(start: () => Promise<Contender>, size: number): Promise<Row[]> {
  const rows: Row[] = [];
  let left: readonly Run[] = runs;
  while (left.length > 0) {
    const contender = await start();
    try {
      const audience = await openAudience(contender, size);
      if (audience === undefined)
        return [...rows, { system: contender.name, viewers: size, note: "viewers did not get in" }];
      // What starts only when it is needed has started then, in all systems.
      await play(contender, audience, warming);
      left = left.filter(({ fault }) => fault !== "relay" || contender.crashRelay !== undefined);
      left = await playWhileWhole(contender, audience, left, rows);
      audience.end();
    } finally {
      await contender.stop();
    }
  }
  return rows;
}

/**
 * Plays runs until one is cut short: its system is still at work on it then, and another one is
 * started for the rest. Answers that rest, without what is more than was too much.
 */
async function playWhileWhole(
  contender: Contender,
  audience: Audience,
  left: readonly Run[],
  rows: Row[],
): Promise<Run[]> {
  for (const [at, run] of left.entries()) {
    const { row, isWhole } = await play(contender, audience, run);
    rows.push(row);
    console.error(JSON.stringify(row));
    if (!isWhole) return left.slice(at + 1).filter(({ rate }) => rate < run.rate);
  }
  return [];
}

if (wanted.length === 0 || wanted.includes("posts")) await benchPosts();
const rows: Row[] = [];
for (const size of sizes)
  for (const [name, start] of Object.entries(contenders))
    if (wanted.length === 0 || wanted.includes(name)) rows.push(...(await measure(start, size)));
if (rows.length > 0) print(`${seconds} s of events, killed in the middle where it says so`, rows);
process.exit(0);
