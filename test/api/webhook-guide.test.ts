/** Runs the receiver of docs/webhooks.md as a reader would. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../system.ts";
import { testHere } from "./elsewhere.ts";
import { call, eventually } from "./people.ts";
import { createWebhooks } from "./receiver.ts";

const test = testHere("a stage calls no receiver on this machine");

test("the receiver of the guide accepts only signed requests", async () => {
  const guide = readFileSync(join(import.meta.dirname, "../../docs", "webhooks.md"), "utf8");
  const [, code] = /```ts\n([\s\S]*?)```/.exec(guide)!;
  const directory = mkdtempSync(join(tmpdir(), "guide-"));
  const file = join(directory, "receiver.mts");
  writeFileSync(file, code!);
  const port = await freePort();
  const hooks = createWebhooks();
  const url = `http://127.0.0.1:${port}/`;
  const { path, as, secret } = await hooks.make(url, ["webhook.test"]);
  const env = { ...process.env, PORT: String(port), WEBHOOK_SECRET: secret };
  const receiver = spawn(process.execPath, ["--no-warnings", file], { env });
  let output = "";
  receiver.stdout.on("data", (chunk) => {
    output += chunk;
  });
  const ask = () => fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
  try {
    const refused = await eventually(ask, (answer) => answer !== undefined);
    expect(refused!.status).toBe(401);
    await call(`POST ${path}/test`, { as });
    const [row] = await eventually(
      async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list,
      (list) => list[0]?.status === "delivered",
    );
    expect(row).toMatchObject({ attempts: 1, statusCode: 204 });
    expect(output).toBe("webhook.test\n");
  } finally {
    receiver.kill();
    await hooks.removeAll();
    rmSync(directory, { recursive: true });
  }
});
