import type { Frame } from "../../../domain/log/frame.ts";
import { firstLive, isCurrent, type Subscriber } from "../../../domain/log/subscriber.ts";
import type { Payload, PostResult } from "../../../platform/push/gateway.ts";
import { type PushCache, subscriptionKey } from "../../../platform/push/push-cache.ts";
import type { Log } from "../../../platform/store/log/logs.ts";
import { readSubscriber } from "../../../platform/store/log/subscribers.ts";
import { readKey } from "../../../platform/table/keys.ts";
import type { Item } from "./table-double.ts";

/** What one connection was posted. */
type Line = {
  frames: Set<number>;
  inFlight: number;
  /** Whether it may miss a frame: a post failed, or it was skipped while one was in flight. */
  isExcused: boolean;
};

/**
 * Watches the writes and posts of a stream, and finds the frames that are marked as posted although
 * a live connection was never posted them. Viewers recover from that, so the end does not show it.
 *
 * A connection counts if its subscription was live from before the frame was put until the mark,
 * and none of its posts failed, was still in flight or was skipped.
 */
export function createMarkWatch(now: () => Date) {
  const lines = new Map<string, Line>();
  const subscribers = new Map<string, Subscriber>();
  /** By frame, the subscriptions that were live when it was put. */
  const owed = new Map<number, Set<string>>();
  const findings: string[] = [];

  const lineOf = (connectionId: string): Line => {
    const found = lines.get(connectionId);
    if (found !== undefined) return found;
    const line = { frames: new Set<number>(), inFlight: 0, isExcused: false };
    lines.set(connectionId, line);
    return line;
  };
  const liveAt = (n: number) =>
    [...subscribers.values()].filter((one) => {
      const from = firstLive(one);
      const isLive = from !== undefined && from <= n && isCurrent(one, now());
      return isLive && one.refusal === undefined;
    });
  const revisionOf = ({ connectionId, revision }: Subscriber) => `${connectionId} ${revision}`;

  function judgeMark(from: number, to: number): void {
    for (let n = from; n <= to; n++)
      for (const subscriber of liveAt(n)) {
        const line = lineOf(subscriber.connectionId);
        if (line.isExcused || line.inFlight > 0 || line.frames.has(n)) continue;
        if (owed.get(n)?.has(revisionOf(subscriber)))
          findings.push(`UNPOSTED frame ${n} is marked, and ${subscriber.connectionId} lacks it`);
      }
  }

  return {
    findings,
    /** Takes note of a write, as the table's stream reports it. */
    see(old: Item | undefined, item: Item | undefined): void {
      const { kind } = readKey((item ?? old)!);
      if (kind === "subscriber") {
        const name = `${(item ?? old)!.PK} ${(item ?? old)!.SK}`;
        if (item === undefined) subscribers.delete(name);
        else subscribers.set(name, readSubscriber(item));
      } else if (item?.PK.startsWith("FRAMES#") && old === undefined) {
        const { n } = item as unknown as Frame;
        owed.set(n, new Set(liveAt(n).map(revisionOf)));
      } else if (kind === "log" && old !== undefined && item !== undefined) {
        const [before, after] = [old, item] as unknown as [Log, Log];
        if (before.epoch === after.epoch) judgeMark(before.posted + 1, after.posted);
      }
    },
    /** Sends a post and records its outcome. */
    async post(
      connectionId: string,
      payload: Payload,
      send: () => Promise<PostResult>,
    ): Promise<PostResult> {
      const line = lineOf(connectionId);
      const message = JSON.parse(payload.bytes.toString()) as { type: string; frame?: number };
      let result: PostResult = "lost";
      line.inFlight += 1;
      try {
        result = await send();
      } finally {
        line.inFlight -= 1;
        if (result !== "sent") line.isExcused = true;
      }
      if (message.type === "events") line.frames.add(message.frame!);
      return result;
    },
    /** Observes which connections an environment skips because a post is still in flight. */
    observe(cache: PushCache): PushCache {
      const { busy } = cache;
      const has = busy.has.bind(busy);
      busy.has = (name) => {
        const isBusy = has(name);
        for (const one of isBusy ? subscribers.values() : [])
          if (subscriptionKey(one) === name) lineOf(one.connectionId).isExcused = true;
        return isBusy;
      };
      return cache;
    },
  };
}
