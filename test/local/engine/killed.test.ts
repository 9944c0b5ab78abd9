import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "../../system.ts";
import { openTestEngine } from "./engine.ts";

const from = (path: string) => `await import(${JSON.stringify(join(import.meta.dirname, path))})`;

/** Writes pairs of items in transactions, and prints each number once it is acknowledged. */
const writer = (file: string, begin: number) => `
  const { openTestEngine } = ${from("engine.ts")};
  const { must } = openTestEngine(${JSON.stringify(file)});
  const put = (pk, n) => ({ Put: { TableName: "things", Item: { pk: { S: pk }, sk: { S: String(n) } } } });
  for (let n = ${begin}; ; n += 1) {
    must("TransactWriteItems", { TransactItems: [put("a", n), put("b", n)] });
    process.stdout.write(n + "\\n");
  }`;

test("killed at random under load, repeatedly, it has lost nothing that it acknowledged", async () => {
  const directory = await mkdtemp(join(tmpdir(), "ovation-test-"));
  const file = join(directory, "engine.sqlite");
  let acknowledged = 0;
  for (let round = 0; round < 5; round++) {
    const code = writer(file, acknowledged + 1);
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env: { ...process.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const said = outputOf(child.stdout);
    await once(child.stdout, "data");
    await new Promise((done) => setTimeout(done, Math.random() * 200));
    child.kill("SIGKILL");
    await once(child, "close");
    // The last line may be incomplete; its transaction was committed.
    acknowledged = Number(said().split("\n").at(-2));
    const { must, close, get } = openTestEngine(file);
    const count = (pk: string) =>
      must("Query", {
        TableName: "things",
        KeyConditionExpression: "pk = :pk",
        ExpressionAttributeValues: { ":pk": { S: pk } },
      }).Count;
    expect(count("a")).toBe(count("b"));
    expect(Number(count("a"))).toBeGreaterThanOrEqual(acknowledged);
    expect(get("a", String(acknowledged))).toBeDefined();

    close();
  }
  expect(acknowledged).toBeGreaterThan(20);
  await rm(directory, { recursive: true });
});
