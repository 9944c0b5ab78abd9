import { signal } from "@preact/signals";
import { tokensOf } from "../runner.ts";
import { simulateViewers } from "./simulation.ts";

/** Whether the simulated viewers are there. */
export const isCrowded = signal(false);

/** Brings the simulated viewers to a stream; what it answers sends them home. */
export function startCrowd(streamId: string): () => void {
  const stop = simulateViewers({ url: location.origin, streamId, tokensOf });
  isCrowded.value = true;
  return () => {
    isCrowded.value = false;
    stop();
  };
}
