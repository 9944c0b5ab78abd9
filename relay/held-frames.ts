import type { Frame } from "../domain/log/frame.ts";
import { withoutText } from "../domain/log/frame.ts";
import { compactText } from "../platform/push/encodings.ts";
import { isRecent, lazyEach } from "../platform/runtime/caches.ts";
import { textFrame } from "./websocket-frames.ts";

/** Most frames of a room in memory, and for how long: an erasure changes only stored frames. */
const framesMax = 500;
const heldMilliseconds = 5 * 60_000;

/** A frame with its encodings, each made once and shared. */
export type Encoded = { frame: Frame; bytes(compact: boolean): Buffer };

export const encode = (frame: Frame): Encoded => ({
  frame,
  bytes: lazyEach((compact) => textFrame(compact ? compactText(frame.body) : frame.body)),
});

/** The concatenated bytes of several frames, each encoding made once and shared. */
export function concatFrames(frames: readonly Encoded[]): Encoded["bytes"] {
  const [only, second] = frames;
  if (only !== undefined && second === undefined) return only.bytes;
  return lazyEach((compact) => Buffer.concat(frames.map((one) => one.bytes(compact))));
}

/** Keeps the newest frames of a log, without a gap, for clients that reconnect. */
export function createHeldFrames() {
  let held: (Encoded & { at: number })[] = [];
  const first = () => held[0]?.frame.n;
  const drop = (count: number) => void held.splice(0, count);
  /** Removes the texts that these frames delete from all held frames. */
  const removeTexts = (deleting: readonly Frame[]) => {
    for (const messageId of deleting.flatMap(deletedIn))
      held = held.map((one) => {
        const body = withoutText(one.frame.body, messageId);
        return body === undefined ? one : { ...encode({ ...one.frame, body }), at: one.at };
      });
  };
  return {
    /** The oldest frame's number; undefined if there is none. */
    first,
    find(n: number): Encoded | undefined {
      return held[n - (first() ?? 0)];
    },
    /** Up to `most` frames from this number on; none if it is not held. */
    run(n: number, most: number): readonly Encoded[] {
      const at = n - (first() ?? 0);
      return at < 0 ? [] : held.slice(at, at + most);
    },
    /**
     * Adds the newest frame, and removes the texts that it deletes. If it has another epoch or
     * follows a gap, it replaces the others.
     */
    add(frame: Frame, now: number): Encoded {
      const last = held.at(-1)?.frame;
      if (last !== undefined && (last.n !== frame.n - 1 || last.epoch !== frame.epoch)) held = [];
      removeTexts([frame]);
      const encoded = { ...encode(frame), at: now };
      held.push(encoded);
      drop(Math.max(0, held.length - framesMax));
      return encoded;
    },
    /**
     * Adds older frames, in order, after their last gap, if they end just before the oldest one.
     * Frames that came since they were read may delete their texts, so those are removed too.
     */
    addBefore(frames: readonly Frame[], now: number): void {
      const last = frames.at(-1);
      if (last === undefined || (held.length > 0 && last.n + 1 !== first())) return;
      const begin = frames.findLastIndex(({ n }, at) => at > 0 && n - 1 !== frames[at - 1]?.n);
      const whole = frames.slice(Math.max(0, begin));
      // No later than the next one, which would otherwise stay as long as these.
      const at = held[0]?.at ?? now;
      held = [...whole.map((frame) => ({ ...encode(frame), at })), ...held];
      drop(Math.max(0, held.length - framesMax));
      removeTexts(held.map(({ frame }) => frame));
    },
    /** Drops frames that are older than the maximum. */
    trim(now: number): void {
      const kept = held.findIndex(({ at }) => isRecent(at, now, heldMilliseconds));
      drop(kept < 0 ? held.length : kept);
    },
  };
}

/** Ids of the messages that a frame reports as deleted. */
function deletedIn({ body }: Frame): string[] {
  if (!body.includes('"chat.deleted"')) return [];
  const { events } = JSON.parse(body) as {
    events: { type: string; data: { messageId?: string } }[];
  };
  return events.flatMap(({ type, data }) =>
    type === "chat.deleted" && data.messageId !== undefined ? [data.messageId] : [],
  );
}

/** The oldest frame number that a room's memory may hold at this head. */
export const heldBefore = (head: number) => Math.max(1, head - framesMax + 1);
