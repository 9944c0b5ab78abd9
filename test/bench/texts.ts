import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleInto, entryPoints } from "../../bin/build/build.ts";
import { blockedWordIn } from "../../domain/streams/blocked-words.ts";
import { buildProgram, environmentOf, functionName, runAlone, startTable } from "./alone.ts";
import { print, quantile, round } from "./figures.ts";

const rounds = 3;

/** Words of the maximum length; and longer ones from before decomposed length was limited. */
const listOf = (letter: string, length: number) =>
  Array.from({ length: 200 }, (_, n) => `${letter.repeat(length)}${1_000 + n}`);
const worst = listOf("각", 46);
const lists = { 각: worst, "ﷺ, beyond the limit": listOf("ﷺ", 46) };

const prose = "what a goal, greetings from the other side of the sea ".repeat(10).slice(0, 500);
/** Texts of 500 characters, and the status of a chat message with each. */
const texts = {
  prose: { content: prose, status: 201 },
  "각, 1,500 decomposed": { content: "각".repeat(500), status: 201 },
  "ﷺ, 9,000 decomposed": { content: "ﷺ".repeat(500), status: 201 },
};

function cpuOf(work: () => void): number {
  const mark = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(mark);
  return (user + system) / 1_000;
}

/**
 * The word filter alone: its first check of a list, which builds the automaton, and later checks.
 */
function filterRows() {
  return Object.entries(lists).flatMap(([list, words]) =>
    Object.entries(texts).map(([text, { content }], at) => {
      const own = words.map((word) => `${word}${at}`);
      const first = cpuOf(() => blockedWordIn(content, own));
      const later = Array.from({ length: 50 }, () => cpuOf(() => blockedWordIn(content, own)));
      return { list, text, "first, ms": round(first), "later, ms": round(quantile(later, 0.5)) };
    }),
  );
}

/**
 * CPU of the worst-case texts against 200 worst-case blocked words: of the filter alone, and of a
 * chat message as a multiple of one in prose (target: at most 3).
 */
export async function benchTexts(): Promise<void> {
  print("The word filter, 200 words", filterRows());
  const directory = mkdtempSync(join(tmpdir(), "ovation-texts-"));
  const tableName = "ovation-texts";
  process.env.TABLE_NAME = tableName;
  const table = await startTable(tableName, worst);
  try {
    await bundleInto(directory, "own", { [functionName]: entryPoints()[functionName]! });
    const file = join(directory, functionName.replace("/", "-"), "index.cjs");
    const program = await buildProgram(directory);
    const spent = Object.entries(texts).map(([text, work]) => ({
      text,
      work,
      cpu: [] as number[],
    }));
    for (let n = 0; n < rounds; n++)
      for (const { work, cpu } of spent) {
        const whole = { file, streamId: table.streamId, ...work };
        const { calls } = await runAlone(program, whole, environmentOf(tableName, table));
        cpu.push(calls.at(-1)!.cpuMilliseconds);
      }
    const medians = spent.map(({ cpu }) => quantile(cpu, 0.5));
    print(
      `A chat message, 200 words (${functionName}, medians of ${rounds})`,
      spent.map(({ text, work }, at) => ({
        text,
        status: work.status,
        "CPU ms": round(medians[at]!),
        "multiple of prose": round(medians[at]! / medians[0]!),
      })),
    );
  } finally {
    await table.stop();
    rmSync(directory, { recursive: true });
  }
}
