import { randomBytes } from "node:crypto";
import { startSystem } from "../system.ts";

/** What may be given as a deployment prints it, with a slash at its end. */
const urls = ["API_URL", "WS_URL", "TENCENT_URL"];

/**
 * One system for all black-box tests. With API_URL they run against that stage instead
 * (docs/testing-a-stage.md); TOKEN_URL then names an endpoint that makes tokens as the runner's
 * `POST /local/token` does.
 */
export default async function start(): Promise<void> {
  if (process.env.API_URL) {
    for (const name of urls) {
      const url = process.env[name];
      if (url !== undefined) process.env[name] = url.replace(/\/+$/, "");
    }
    return;
  }
  process.env.OWN_SYSTEM = "on";
  // The runner takes the key of the Tencent application from here, and so do the tests.
  process.env.TENCENT_SECRET_KEY ??= randomBytes(32).toString("hex");
  process.env.TENCENT_CALLBACK_KEY ??= randomBytes(24).toString("hex");
  const system = await startSystem();
  (globalThis as { system?: typeof system }).system = system;
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
}
