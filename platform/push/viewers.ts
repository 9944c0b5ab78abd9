import { countViewers } from "../../domain/subscriber.ts";
import { listSubscribers } from "../store/subscribers.ts";

/** How old the number of viewers in a frame may be. */
const ageMillisecondsMax = 5_000;
/** Streams whose number one environment remembers. */
const streamsMax = 1_000;

const counted = new Map<string, { viewers: number; at: number }>();

/** Notes how many distinct users a reading of the subscribers has shown. */
export function noteViewers(streamId: string, viewers: number, now: Date): void {
  counted.delete(streamId);
  if (counted.size >= streamsMax) counted.delete(counted.keys().next().value!);
  counted.set(streamId, { viewers, at: now.getTime() });
}

/** Distinct subscribed users, at most 5 s old: in a busy room the last frame's posting has counted. */
export async function viewersOf(streamId: string, now: Date): Promise<number> {
  const known = counted.get(streamId);
  if (known !== undefined && now.getTime() - known.at < ageMillisecondsMax) return known.viewers;
  const viewers = countViewers(await listSubscribers(streamId, now));
  noteViewers(streamId, viewers, now);
  return viewers;
}
