import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type System, startSystem } from "../system.ts";
import { callsOf, until, watch } from "./audience.ts";

/*
 * Abandoned batches of the table's stream in the bucket: `npm run redrive` invokes their functions
 * with them again. A clock that is an hour off makes records too old at once.
 */

let system: System;
let dataDir: string;
let calls: ReturnType<typeof callsOf>;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "ovation-redriven-"));
  system = await startSystem({ dataDir, port: await freePort(), env: { DEMO: "off" } });
  calls = callsOf(system.url);
});
afterAll(async () => {
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

function redrive(): { code: number | null; says: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, "../../bin/operate/redrive.ts")],
    { env: { ...process.env, DATA_DIR: dataDir, NODE_OPTIONS: "" }, encoding: "utf8" },
  );
  return { code: status, says: stdout + stderr };
}

const files = () =>
  readdirSync(join(dataDir, "s3"), { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
/** The texts of the abandoned batches. One that is still being written is in no bucket yet. */
const givenUp = () =>
  files()
    .filter(({ parentPath }) => parentPath !== join(dataDir, "s3"))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"));

type Texts = { type: string; data: { content?: string } }[];
async function eventsOf(host: { id: string; token: string }, streamId: string) {
  const frames = await calls.log(host, streamId);
  return (frames.flatMap(({ events }) => events) as unknown as Texts).map(
    ({ type, data }) => data.content ?? type,
  );
}

test("batches given up by both readers are redriven once: each event logged, each gift credited", async () => {
  const host = await calls.person("host");
  const streamId = await calls.liveStream(host);
  const { token } = await calls.send("POST", "/local/token", { sub: "fan", credits: 500 });
  const fan = { id: "fan", token };
  const viewer = watch(system.url, token, streamId);
  await until("the viewer is there", () => viewer.begin() !== undefined);
  await calls.say(fan, streamId, "before");
  const balance = async (one: { token: string }) =>
    (await calls.send("GET", "/api/v1/wallet", undefined, one.token)).data.balance;

  await calls.switches({ clockSkewSeconds: [-3600] });
  for (const text of ["one", "two", "three"]) await calls.say(fan, streamId, text);
  await calls.send("POST", `/api/v1/live-stream/${streamId}/chat/superlike`, undefined, token);
  const doomed = await calls.say(fan, streamId, "regretted");
  const chat = `/api/v1/live-stream/${streamId}/chat/messages`;
  await until("all is given up", () => {
    const batches = existsSync(join(dataDir, "s3")) ? givenUp() : [];
    // The superlike by both readers; the last message by the reader that shows it.
    const ofSuperlike = batches.filter((text) => text.includes('"superlike"'));
    return ofSuperlike.length >= 2 && batches.some((text) => text.includes(doomed._id));
  });
  await calls.switches({ clockSkewSeconds: [] });
  await calls.send("DELETE", `${chat}/${doomed._id}`, undefined, token);
  await calls.say(fan, streamId, "after");
  const before = await eventsOf(host, streamId);
  expect(before).not.toContain("one");
  cpSync(join(dataDir, "s3"), join(dataDir, "kept"), { recursive: true });

  expect(redrive()).toMatchObject({ code: 0, says: expect.stringContaining("0 left.") });
  expect(files().length).toBe(0);
  const texts = (await eventsOf(host, streamId)).filter((text) => text !== "stream.started");
  expect(texts.filter((text) => text !== "chat.deleted").sort()).toEqual(
    ["after", "before", "one", "superlike.sent", "three", "two"].sort(),
  );
  expect(await balance(host)).toBe(10);
  await until("the viewer has all of it", () => viewer.frames.length >= texts.length - 1);

  // The same batches again, as if the redrive had died before it removed them.
  rmSync(join(dataDir, "s3"), { recursive: true });
  cpSync(join(dataDir, "kept"), join(dataDir, "s3"), { recursive: true });
  expect(redrive().code).toBe(0);
  const again = (await eventsOf(host, streamId)).filter((text) => text !== "stream.started");
  expect(again.sort()).toEqual(texts.sort());
  expect(await balance(host)).toBe(10);
  viewer.client.close();
});

test("a batch that its function cannot handle stays, with the reason, until it can", async () => {
  const host = await calls.person("other");
  const streamId = await calls.liveStream(host);
  await calls.switches({ clockSkewSeconds: [-3600] });
  const late = await calls.say(host, streamId, "late");
  // Other readers may have abandoned earlier records of the stream, too.
  await until("it is given up", () => givenUp().some((text) => text.includes(late._id)));
  await calls.switches({ clockSkewSeconds: [] });
  await calls.fault({
    caller: "realtime-fan-out",
    service: "dynamodb",
    kind: "error_before",
    count: 1_000_000,
  });
  const failed = redrive();
  expect(failed.code).toBe(1);
  expect(failed.says).toMatch(/batches of the stream retried, [1-9]\d* left\.\n.*fan-out: /);
  await calls.clearFaults();
  expect(redrive().code).toBe(0);
  expect(await eventsOf(host, streamId)).toContain("late");
});
