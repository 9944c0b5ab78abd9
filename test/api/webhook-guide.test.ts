/** Runs the receiver of docs/webhooks.md as a reader would. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { freePort, outputOf } from "../system.ts";
import { testHere } from "./elsewhere.ts";
import { call, eventually } from "./people.ts";
import { createWebhooks } from "./receiver.ts";

/** Sends a signed body whose last letter arrives in two parts; answers the status. */
async function sendInParts(url: string, secret: string, body: string): Promise<number> {
  const now = new Date();
  const signature = new Webhook(secret).sign("split", now, body);
  const headers = {
    "webhook-id": "split",
    "webhook-timestamp": `${Math.floor(now.getTime() / 1000)}`,
    "webhook-signature": signature,
    "content-length": Buffer.byteLength(body),
  };
  const sending = request(url, { method: "POST", headers });
  const bytes = Buffer.from(body);
  const middle = bytes.lastIndexOf(Buffer.from("Ş")) + 1;
  sending.write(bytes.subarray(0, middle));
  setTimeout(() => sending.end(bytes.subarray(middle)), 100);
  const [answer] = (await once(sending, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode!;
}

/** Opens a request and leaves before its end. */
async function sendHalf(url: string): Promise<void> {
  const leaving = request(url, { method: "POST", headers: { "content-length": 2 } });
  leaving.on("error", () => undefined);
  await new Promise((sent) => leaving.write("{", sent));
  setTimeout(() => leaving.destroy(), 100);
  await new Promise((left) => leaving.once("close", left));
}

const test = testHere("a deployed stage cannot call receivers on this machine");

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
  const output = outputOf(receiver.stdout);
  const ask = () => fetch(url, { method: "POST", body: "{}" }).catch(() => undefined);
  try {
    const refused = await eventually(ask, (answer) => answer !== undefined);
    expect(refused!.status).toBe(401);
    await sendHalf(url);
    await call(`POST ${path}/test`, { as });
    const [row] = await eventually(
      async () => (await call(`GET ${path}/deliveries`, { as })).body.data.list,
      (list) => list[0]?.status === "delivered",
    );
    expect(row).toMatchObject({ attempts: 1, statusCode: 204 });
    const split = await sendInParts(url, secret, '{"type":"chat.message","data":{"content":"Ş"}}');
    expect(split).toBe(204);
    await eventually(
      async () => output(),
      (text) => text === "webhook.test\nchat.message\n",
    );
  } finally {
    receiver.kill();
    await hooks.removeAll();
    rmSync(directory, { recursive: true });
  }
});
