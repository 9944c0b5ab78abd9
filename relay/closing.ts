import { closeReasons } from "../platform/realtime/close-codes.ts";
import type { Connection } from "./model.ts";

/** Time between the last message to a client and the close. */
const closingMilliseconds = 500;
const waveMilliseconds = 250;
const closingMessage = { type: "closing", ...closeReasons.relayStops };

/** Closes connections evenly over the given time, so that clients reconnect one after another. */
export async function closeInWaves(
  connections: readonly Connection[],
  milliseconds: number,
): Promise<void> {
  const waves = Math.max(1, Math.floor((milliseconds - closingMilliseconds) / waveMilliseconds));
  const size = Math.max(1, Math.ceil(connections.length / waves));
  for (let at = 0; at < connections.length; at += size) {
    const wave = connections.slice(at, at + size);
    for (const connection of wave) connection.send(closingMessage);
    setTimeout(() => {
      for (const connection of wave) connection.close(1001);
    }, closingMilliseconds);
    await new Promise((done) => setTimeout(done, waveMilliseconds));
  }
  if (connections.length > 0) await new Promise((done) => setTimeout(done, closingMilliseconds));
}
