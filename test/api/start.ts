import { randomBytes } from "node:crypto";
import { startSystem } from "../system.ts";

/**
 * One system for all black-box tests. With API_URL (and WS_URL) they run against that stage
 * instead; TOKEN_URL then names an endpoint that makes tokens as the runner's `POST /local/token`
 * does.
 */
export default async function start(): Promise<void> {
  if (process.env.API_URL) return;
  // The runner takes the key of the Tencent application from here, and so do the tests.
  process.env.TENCENT_SECRET_KEY ??= randomBytes(32).toString("hex");
  process.env.TENCENT_CALLBACK_KEY ??= randomBytes(24).toString("hex");
  const system = await startSystem();
  (globalThis as { system?: typeof system }).system = system;
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
}
