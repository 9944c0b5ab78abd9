/**
 * `npm run bench:peers`: the same events to as many viewers on this machine through Ovation, a
 * textbook serverless broadcaster and two Socket.IO servers, in one run. Each system has its
 * processes for itself; viewers and speakers have theirs, on the same cores.
 */
import { readCommand, readNumbers, refuse } from "../command.ts";
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

const usage = `npm run bench:peers -- [names] [--quick] [--viewers=200,1000] [--rate=20,100]
  names: ${Object.keys(contenders).join(", ")}, posts; default: all`;
const { names: wanted, values } = readCommand(usage, {
  quick: { type: "boolean" },
  viewers: { type: "string" },
  rate: { type: "string" },
});
const unknown = wanted.find((name) => name !== "posts" && !(name in contenders));
if (unknown !== undefined) refuse(`Unknown system ${unknown}`, usage);
const isQuick = values.quick === true;
const seconds = isQuick ? 5 : 8;
const sizes = readNumbers(values.viewers, usage) ?? (isQuick ? [200] : [200, 1000]);
const rates = readNumbers(values.rate, usage);
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
