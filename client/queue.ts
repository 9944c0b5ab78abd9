import type { Event, Frame, Position } from "./message.ts";

/** Events on their way to readers of `for await`. */
export function createQueue() {
  let waiting: { event: Event; frame: Frame }[] = [];
  let wakes: (() => void)[] = [];
  return {
    readers: 0,
    add: (event: Event, frame: Frame) => waiting.push({ event, frame }),
    take: () => waiting.shift()?.event,
    /** Where a reader who has not read everything is: before the frame that comes next. */
    place(): Position | undefined {
      const next = waiting[0]?.frame;
      return next && { epoch: next.epoch, frame: next.frame - 1 };
    },
    clear(): void {
      waiting = [];
    },
    stirred: () => new Promise<void>((done) => wakes.push(done)),
    stir(): void {
      const now = wakes;
      wakes = [];
      for (const wake of now) wake();
    },
  };
}
