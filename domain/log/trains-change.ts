import type { Stream } from "../streams/stream.ts";
import { isSameTrain, trainOf } from "../streams/train-settings.ts";
import type { TrainsChange } from "./event.ts";

/**
 * What a change of a stream means to its trains: that it begins with their settings, has changed
 * them, or has ended. Undefined where it means nothing to them.
 */
export function trainsChangeOf(before: Stream | undefined, now: Stream): TrainsChange | undefined {
  const { id: streamId, revision, updatedAt: at, endedAt, status } = now;
  const settings = trainOf(now);
  const wasLive = before?.status === "active";
  const change = { streamId, revision, at };
  if (wasLive && status !== "active")
    return trainOf(before).enabled ? { ...change, endedAt: endedAt ?? at } : undefined;
  if (status !== "active" || (wasLive && isSameTrain(trainOf(before), settings))) return undefined;
  if (settings.enabled) return { ...change, settings };
  return wasLive ? change : undefined;
}
