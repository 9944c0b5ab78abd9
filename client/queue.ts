import type { Event, Frame, Position } from "./message.ts";

/** Buffer of events for readers of `for await`. */
export function createQueue() {
  let waiting: { event: Event; frame: Frame }[] = [];
  let sleepers: (() => void)[] = [];
  return {
    readers: 0,
    add: (event: Event, frame: Frame) => waiting.push({ event, frame }),
    take: () => waiting.shift()?.event,
    /** Position of a reader that lags: before the next unread frame. */
    position(): Position | undefined {
      const next = waiting[0]?.frame;
      return next && { epoch: next.epoch, frame: next.frame - 1 };
    },
    clear(): void {
      waiting = [];
    },
    changed: () => new Promise<void>((done) => sleepers.push(done)),
    wake(): void {
      const now = sleepers;
      sleepers = [];
      for (const resolve of now) resolve();
    },
  };
}
