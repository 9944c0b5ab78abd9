import { spawnSync } from "node:child_process";
import { statSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createObjects } from "../../local/aws/objects.ts";
import { call, eventually, liveStream, person } from "../api/people.ts";
import { startOwn } from "../platform/money/running.ts";

const messages = 400;
const atOnce = 8;
/** 3.0 KB were measured with eight messages per frame; a frame per message takes slightly more. */
const bytesMax = 4096;

test("a chat message takes a few kilobytes on disk, with its frame and its stream records", async () => {
  const system = await startOwn();
  const { id, host } = await liveStream();
  const people = await Promise.all(Array.from({ length: atOnce }, () => person()));
  const path = `/api/v1/live-stream/${id}/chat/messages`;
  const sayAll = async (count: number) => {
    for (let n = 0; n < count; n += atOnce) {
      const body = { content: `Herkese selam! Yayın çok güzel. ${n}` };
      const answers = await Promise.all(people.map((as) => call(`POST ${path}`, { as, body })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    }
    await eventually(
      () => call("GET /local/streams"),
      ({ body }) => body.idle,
    );
  };
  const file = join(system.dataDir, "dynamodb.sqlite");
  const measure = () => {
    const database = new DatabaseSync(file, { timeout: 5000 });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    return statSync(file).size;
  };
  await sayAll(atOnce * 4);
  const before = measure();
  await sayAll(messages);
  const bytes = (measure() - before) / messages;
  const { body } = await call(`GET ${path}?limit=1`, { as: host });
  expect(body.total).toBe(messages + atOnce * 4);
  expect(bytes).toBeLessThan(bytesMax);
  // Less than the texts themselves would mean that something was not measured.
  expect(bytes).toBeGreaterThan(500);
  const { dataDir } = system;
  await system.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const posixTest = process.platform === "win32" ? test.skip : test;

posixTest(
  "only an object that does not exist is reported as missing, not one that cannot be read",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "ovation-unreadable-"));
    const { put, get } = createObjects(directory);
    put("bucket", "folder/whole", "whole");
    for (const key of ["none", "folder", "folder/whole/none", "x".repeat(1_000)])
      expect(() => get("bucket", key)).toThrow(expect.objectContaining({ type: "NoSuchKey" }));
    symlinkSync("loop", join(directory, "s3", "bucket", "loop"));
    expect(() => get("bucket", "loop")).toThrow(expect.objectContaining({ code: "ELOOP" }));
    await rm(directory, { recursive: true });
  },
);

posixTest(
  "an object that does not fit on a full disk is not stored, and its previous version stays",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "ovation-full-"));
    const module = join(import.meta.dirname, "../../local/aws/objects.ts");
    const script = `
    const { createObjects } = await import(${JSON.stringify(module)});
    const objects = createObjects(${JSON.stringify(directory)});
    objects.put("bucket", "before", "whole");
    for (const key of ["before", "new"])
      try {
        objects.put("bucket", key, "x".repeat(1_000_000));
        console.log("written");
      } catch {}`;
    // No file may exceed some kilobytes, as if the disk had no more.
    const limited = ["-c", 'ulimit -f 16; exec "$@"', "sh", process.execPath];
    const given = [...limited, "--input-type=module", "-e", script];
    const env = { ...process.env, NODE_OPTIONS: "", NODE_COMPILE_CACHE: "" };
    const { status, stdout } = spawnSync("sh", given, { env, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
    const { get, list } = createObjects(directory);
    expect(list("bucket", "")).toEqual(["before"]);
    expect(`${get("bucket", "before")}`).toBe("whole");
    await rm(directory, { recursive: true });
  },
);
