/**
 * `npm run bench:scale [viewers …]`: the real fan-out code against a simulated AWS, for rooms far
 * larger than a machine; with the word `chat` the real function that sends messages, at the rate at
 * which one room's keys are the end; with `crowd` the real functions of likes and votes; with
 * `relay` a relay's real rooms; with `arrivals` 10,000 viewers who open one room within a minute.
 * docs/scale.md explains what it shows.
 */

import { socketsPerTask } from "../../../lib/stages/relay.ts";
import { prices } from "../../../local/aws/prices.ts";
import { readCommand, readNumbers } from "../command.ts";
import { print } from "../figures.ts";
import { tooBusy } from "./busiest.ts";
import type { CrowdCase } from "./crowd.ts";
import type { Case, Figures } from "./room.ts";
import { arrivalFaults, crowdFaults, isWhole, run } from "./run.ts";

/** An account as it is given, and one whose rate was raised tenfold. */
const byDefault = { quota: { perSecond: 10_000, burst: 5_000 }, postRate: 8_000 };
const raised = { quota: { perSecond: 100_000, burst: 50_000 }, postRate: 80_000 };

const cases: Case[] = [
  { viewers: 100, ...byDefault, seed: 1 },
  { viewers: 1_000, ...byDefault, seed: 1 },
  { viewers: 10_000, ...byDefault, seed: 1 },
  { viewers: 30_000, ...byDefault, seed: 1 },
  { viewers: 30_000, ...raised, seed: 1 },
  { viewers: 100_000, ...byDefault, seed: 1 },
  { viewers: 100_000, ...raised, seed: 1 },
];

async function runChat(): Promise<void> {
  const rows: Figures[] = [];
  for (const hasKeys of [false, true])
    for (const messagesPerSecond of [200, 400, 800, 1_000])
      rows.push(await run({ messagesPerSecond, hasKeys, seed: 1 }));
  print("Chat of one room for 20 s", rows);
}

const crowds: [title: string, CrowdCase][] = [
  ["likes of 5 % of 100,000 viewers", { crowd: "likes", size: 100_000, seed: 1 }],
  ["likes of all of 10,000 viewers", { crowd: "likes", size: 10_000, share: 1, seed: 1 }],
  ["100,000 votes in 60 s", { crowd: "votes", size: 100_000, seed: 1 }],
  [
    "2,000 votes a second for 20 s, with chat",
    { crowd: "votes", size: 36_000, seconds: 20, messagesPerSecond: 20, seed: 1 },
  ],
];

async function runCrowds(): Promise<void> {
  const faults: string[] = [];
  for (const [title, given] of crowds) {
    const of = await run(given);
    const rows = Object.entries(of).map(([figure, is]) => ({ figure, is }));
    print(`${title}; list prices of ${prices.date}`, rows);
    const wrong = [...crowdFaults(of), ...tooBusy(of)];
    faults.push(...wrong.map((name) => `${title}: ${name} is ${of[name]}`));
  }
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** Fails where anything is lost or doubled, or a goal is missed. */
async function runRelay(): Promise<void> {
  const relayed = 100_000;
  const tasks = Number(rooms[1] ?? Math.ceil(relayed / socketsPerTask.wanted));
  const of = await run({ relayed, tasks, postRate: 8_000, seed: 1 });
  const rows = Object.entries(of).map(([figure, is]) => ({ figure, is }));
  print(`100,000 viewers at ${tasks} tasks of a relay; list prices of ${prices.date}`, rows);
  const late = [
    ["p50 s", 0.5],
    ["p99 s", 1],
    ["whole p99 s, all viewers", 2],
  ] as const;
  const faults = [
    ...(isWhole(of) ? [] : ["The room is not whole"]),
    ...late.flatMap(([name, most]) =>
      Number(of[name]) > most ? [`${name} is ${of[name]}, of ${most}`] : [],
    ),
    ...tooBusy(of),
  ];
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

/** Fails where prod as it is leaves anybody outside, or a queue's message is tried in vain. */
async function runArrivals(): Promise<void> {
  const rows: Figures[] = [];
  for (const early of [0, 0.5])
    rows.push(await run({ arriving: 10_000, seconds: 60, seed: 1, early }));
  const titles = ["evenly", "half in 10 s"];
  const table = Object.keys(rows[0]!).map((figure) => ({
    figure,
    ...Object.fromEntries(rows.map((of, n) => [titles[n]!, of[figure]])),
  }));
  print("10,000 viewers who open a room within a minute, in an account of 1,000 executions", table);
  const faults = rows.flatMap(arrivalFaults);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

const usage = "npm run bench:scale -- [viewers … | chat | crowd | relay [TASKS] | arrivals]";
const { names: rooms } = readCommand(usage, {});
const parts: Record<string, () => Promise<void>> = {
  chat: runChat,
  crowd: runCrowds,
  relay: runRelay,
  arrivals: runArrivals,
};
const part = parts[rooms[0] ?? ""];
if (part !== undefined) {
  await part();
  process.exit();
}
const wanted = readNumbers(rooms.join(",") || undefined, usage) ?? [];
const figures: Figures[] = [];
for (const given of cases)
  if (wanted.length === 0 || wanted.includes(given.viewers)) figures.push(await run(given));
const names = [...new Set(figures.flatMap((of) => Object.keys(of)))];
// One column a room: there are more figures than rooms.
const rows = names.map((name) => ({
  figure: name,
  ...Object.fromEntries(figures.map((of, n) => [`room ${n + 1}`, of[name]])),
}));
print(`Rooms of 3 minutes with a burst of 20 s; list prices of ${prices.date}`, rows);
const faults = figures.flatMap((of) => [
  ...(isWhole(of) ? [] : [`The room of ${of.viewers} is not whole`]),
  ...tooBusy(of).map((name) => `A key of the room of ${of.viewers} is too busy: ${name}`),
]);
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
