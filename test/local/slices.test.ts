import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { prepareTable } from "../../bin/start/demo.ts";
import { createLog, startSystem } from "../../local/index.ts";
import { callsOf, textOf, until, type Watcher, watch } from "./audience.ts";

/*
 * A room on a running system whose posts are split between environments. The runner's stage has no
 * such rooms, so the test changes the settings in the template.
 */

const lowered = { LARGE_ROOM_VIEWERS: "2", PART_VIEWERS: "3", POST_RATE: "1000000" };

type Template = {
  Resources: Record<string, { Properties?: { Environment?: { Variables: object } } }>;
};

let copy: string;
let system: Awaited<ReturnType<typeof startSystem>>;
let calls: ReturnType<typeof callsOf>;
const problems: string[] = [];

/** A copy of the assembly in which a very large room needs only a few viewers. */
function lowerThresholds(original: string): void {
  for (const name of readdirSync(original)) {
    if (!name.endsWith(".template.json")) {
      symlinkSync(join(original, name), join(copy, name));
      continue;
    }
    const template = JSON.parse(readFileSync(join(original, name), "utf8")) as Template;
    for (const { Properties } of Object.values(template.Resources)) {
      const variables = Properties?.Environment?.Variables as Record<string, string> | undefined;
      for (const [setting, value] of Object.entries(lowered))
        if (variables?.[setting] !== undefined) variables[setting] = value;
    }
    writeFileSync(join(copy, name), JSON.stringify(template));
  }
}

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "ovation-test-"));
  lowerThresholds(await buildAssembly("dev", new AbortController().signal));
  system = await startSystem({
    assemblyDirectory: async () => copy,
    stageName: "dev",
    port: 0,
    dataDir: ":memory:",
    log: createLog("off", (text) => problems.push(text)),
    secrets: {},
    prepare: (made) => prepareTable(made, { demo: false }),
  });
  calls = callsOf(system.url);
});
afterAll(async () => {
  await system.stop();
  rmSync(copy, { recursive: true, force: true });
});

const viewers = 12;
const messages = 60;

/** The number of invocations of a function so far. */
async function runsOf(name: string): Promise<number> {
  const { byFunction } = await calls.send("GET", "/local/cost");
  return byFunction[`ovation-dev-${name}`]?.byOperation["lambda:run"]?.requests ?? 0;
}

test("every viewer of a room posted in slices gets each frame of the log, byte for byte", async () => {
  const host = await calls.person("host");
  const streamId = await calls.liveStream(host);
  const watchers: Watcher[] = [];
  for (let n = 0; n < viewers; n++) {
    const { token } = await calls.person(`p${n}`);
    watchers.push(watch(system.url, token, streamId, n % 3 === 2));
  }
  await until("all are there", () => watchers.every((one) => one.begin() !== undefined));
  for (let n = 0; n < messages; n += 4)
    await Promise.all([0, 1, 2, 3].map((at) => calls.say(host, streamId, `message ${n + at}`)));
  const hears = ({ frames }: Watcher, text: string) =>
    frames.some(({ events }) => events.some((event) => textOf(event) === text));
  await calls.say(host, streamId, "the end");
  await until("the end is heard", () => watchers.every((one) => hears(one, "the end")));

  const log = await calls.log(host, streamId);
  const texts = log.flatMap(({ events }) => events.map(textOf)).filter((text) => text !== "");
  expect(new Set(texts).size).toBe(messages + 1);
  expect(texts.length).toBe(messages + 1);
  for (const { frames, begin } of watchers) {
    const wanted = log.filter(({ frame }) => frame > begin()!);
    expect(frames.map((frame) => JSON.stringify(frame))).toEqual(
      wanted.map((frame) => JSON.stringify(frame)),
    );
  }
  expect(log.at(-1)).toMatchObject({ viewers });
  // A frame to this many viewers is posted in four parts.
  expect(await runsOf("realtime-post-part")).toBeGreaterThanOrEqual(4);
  for (const { client } of watchers) client.close();
  expect(problems).toEqual([]);
});
