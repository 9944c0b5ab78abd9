import type { System } from "../system.ts";

export default async function stop(): Promise<void> {
  await (globalThis as { system?: System }).system?.stop();
}
