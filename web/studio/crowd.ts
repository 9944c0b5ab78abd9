import { signal } from "@preact/signals";
import { tokensOf } from "../runner.ts";
import { simulateViewers } from "./simulation.ts";

/** Whether simulated viewers are running. */
export const isCrowded = signal(false);

/** Starts simulated viewers in a stream; returns a function that stops them. */
export function startCrowd(streamId: string): () => void {
  const stop = simulateViewers({ url: location.origin, streamId, tokensOf });
  isCrowded.value = true;
  return () => {
    isCrowded.value = false;
    stop();
  };
}
