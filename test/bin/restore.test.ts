/** The drill of docs/restore.md, with a copy of the engine's table instead of a backup. */
import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { eventually } from "../api/people.ts";
import { type Message, open, type Viewer } from "../api/viewer.ts";
import { type System, startSystem } from "../system.ts";

const streamId = "64d15f9e2e6c8f4d5a123000";
const giftTypeId = "65a1234bcde5678f90123456";
const hostId = "64d15f9e2e6c8f4d5a123457";
const root = join(import.meta.dirname, "../..");
const file = "dynamodb.sqlite";

let [before, restored] = ["", ""];
let system: System;
beforeAll(async () => {
  [before, restored] = (await Promise.all(
    ["before", "restored"].map((name) => mkdtemp(join(tmpdir(), `ovation-${name}-`))),
  )) as [string, string];
});
afterAll(async () => {
  if (system.process.exitCode === null) await system.kill();
  await Promise.all([before, restored].map((path) => rm(path, { recursive: true, force: true })));
});

/**
 * Copies the table to another place as a backup would: its items at a point in time. The stream of
 * a restored table is empty, so the schedules must find unprocessed records.
 */
async function restoreInto(to: string, from: string): Promise<void> {
  for (const suffix of ["", "-wal"]) {
    const copied = copyFile(join(from, `${file}${suffix}`), join(to, `${file}${suffix}`));
    await copied.catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" || suffix === "") throw error;
    });
  }
  const database = new DatabaseSync(join(to, file));
  database.exec("DELETE FROM stream_records");
  database.close();
}

async function ask(system: System, token: string, method: string, path: string, body?: object) {
  const answer = await fetch(`${system.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect([path, answer.status]).toEqual([path, method === "GET" ? 200 : 201]);
  return (await answer.json()) as Message;
}

const chat = `/api/v1/live-stream/${streamId}/chat/messages`;
const say = (system: System, token: string, content: string) =>
  ask(system, token, "POST", chat, { content });
const shows = (content: string) => (message: Message) =>
  message.type === "events" && message.events.some(({ data }: Message) => data.content === content);

async function tokenOf(system: System, body: object): Promise<string> {
  const answer = await fetch(`${system.url}/local/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return ((await answer.json()) as { token: string }).token;
}

/** Subscribes a viewer to the stream, at their last position if they have one. */
async function come(system: System, token: string, since?: object): Promise<[Viewer, Message]> {
  const viewer = await open(`${system.url.replace("http", "ws")}/ws?token=${token}`);
  viewer.send({ action: "subscribe", streamId, ...(since && { since }) });
  return [viewer, await viewer.next(({ type }) => type === "subscribed")];
}

function run(script: string, ...options: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "bin", script), ...options],
    { env: { ...process.env, DATA_DIR: restored, NODE_OPTIONS: "" }, encoding: "utf8" },
  );
  return { status, says: stdout + stderr };
}

test("a restored backup passes the audit, and clients with newer positions resume after a reset", async () => {
  system = await startSystem({ dataDir: before });
  let ann = await tokenOf(system, { sub: "ann", credits: 500 });
  const [watching, { epoch }] = await come(system, ann);
  await say(system, ann, "in the backup");
  const { frame: known } = await watching.next(shows("in the backup"));
  // The backup's time, with a gift that no consumer has processed.
  const paused = { method: "POST", body: JSON.stringify({ pause: true }) };
  expect((await fetch(`${system.url}/local/streams`, paused)).status).toBe(200);
  await ask(system, ann, "POST", "/api/v1/gifts/create", { giftTypeId, liveStreamId: streamId });
  await system.kill();
  await restoreInto(restored, before);

  system = await startSystem({ dataDir: before });
  // Each start has an issuer on a different port.
  ann = await tokenOf(system, { sub: "ann" });
  const [again] = await come(system, ann);
  await say(system, ann, "after the backup");
  const { frame: beyond } = await again.next(shows("after the backup"));
  await system.stop();
  expect(beyond).toBeGreaterThan(known);

  expect(run("ovation.ts", "audit")).toMatchObject({ status: 0 });
  expect(run("operate/reset-logs.ts", "--yes")).toMatchObject({ status: 0 });
  system = await startSystem({ dataDir: restored });
  ann = await tokenOf(system, { sub: "ann" });
  for (const frame of [known, beyond]) {
    const [viewer, said] = await come(system, ann, { epoch, frame });
    expect(said).toMatchObject({ recovered: false });
    expect(said.epoch).not.toBe(epoch);
    viewer.close();
  }
  const { messages } = await ask(system, ann, "GET", chat);
  const contents = messages.map(({ content }: Message) => content);
  expect(contents).toContain("in the backup");
  expect(contents).not.toContain("after the backup");

  const [viewer, { epoch: next, head }] = await come(system, ann);
  await say(system, ann, "after the restore");
  const shown = await viewer.next(shows("after the restore"));
  expect([shown.epoch ?? next, shown.frame]).toEqual([next, head + 1]);
  const [back, { recovered }] = await come(system, ann, { epoch: next, frame: head });
  expect(recovered).toBe(true);
  expect((await back.next(shows("after the restore"))).frame).toBe(shown.frame);

  // The sweep finds gifts without an event: the host is credited once.
  const host = await tokenOf(system, { sub: hostId });
  await eventually(
    async () => (await ask(system, host, "GET", "/api/v1/wallet")).data,
    ({ pending }) => pending === 0,
    150_000,
  );
  // The gift had no frame yet when the log was reset: it is only in the history.
  const audited = await eventually(
    async () => (await (await fetch(`${system.url}/local/audit`)).json()) as { fits: boolean },
    ({ fits }) => fits,
  );
  expect(audited).toMatchObject({ fits: true, misfits: [] });
}, 400_000);
