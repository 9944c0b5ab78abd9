import type { Event, Frame, Position } from "./follower.ts";

/** What a viewer wants to hear of a stream; all of it is also there by `for await`. */
export type Hearing = {
  onEvent?: (event: Event, frame: Frame) => void;
  onFrame?: (frame: Frame) => void;
  /** Frames were missed for good: read the history, then go on with what comes. */
  onReset?: (position: Position) => void;
  onEnd?: (reason: string, statusCode?: number) => void;
};

/** Events that wait for a reader of `for await`; the subscription of one who is slower ends. */
const waitingMax = 10_000;

type Owner = {
  position(): Position | undefined;
  /** Nothing more of the stream is wanted. */
  close(): void;
  /** Hears of what a callback threw: it is no reason to lose the next event. */
  report(error: unknown): void;
};

/** Calls back, and goes on whatever the callback does. */
export function tell<Arguments extends unknown[]>(
  report: (error: unknown) => void,
  callback: ((...given: Arguments) => void) | undefined,
  ...given: Arguments
): void {
  try {
    callback?.(...given);
  } catch (error) {
    report(error);
  }
}

/** Events on their way to readers of `for await`. */
function createQueue() {
  let waiting: { event: Event; frame: Frame }[] = [];
  let wakes: (() => void)[] = [];
  return {
    readers: 0,
    add: (event: Event, frame: Frame) => waiting.push({ event, frame }),
    take: () => waiting.shift()?.event,
    /** Where a reader is who has not read everything: before the frame that comes next. */
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

/** One stream that is being followed. */
export function createSubscription(streamId: string, hearing: Hearing, owner: Owner) {
  const queue = createQueue();
  let isEnded = false;
  /** Where a reader was who left before the last event. */
  let left: Position | undefined;
  let viewers = 0;

  /** Ends it from this side: nothing that waits is kept or told any more. */
  function stop(reason: string): void {
    left ??= queue.place();
    queue.clear();
    if (isEnded) return;
    owner.close();
    subscription.end(reason);
  }

  const subscription = {
    streamId,
    /** Distinct users who watch, as of the last frame. */
    viewers: () => viewers,
    /** Where this viewer is, or its reader if that one is behind: keep it to come back there. */
    position: () => left ?? queue.place() ?? owner.position(),
    isEnded: () => isEnded,
    begin(isReset: boolean, position: Position, count: number): void {
      if (isEnded) return;
      viewers = count;
      if (isReset) tell(owner.report, hearing.onReset, position);
    },
    show(frame: Frame): void {
      if (isEnded) return;
      viewers = frame.viewers;
      tell(owner.report, hearing.onFrame, frame);
      for (const event of frame.events) {
        if (isEnded) return;
        tell(owner.report, hearing.onEvent, event, frame);
        const isRead = queue.readers > 0 && !isEnded;
        if (isRead && queue.add(event, frame) > waitingMax) stop("The reader is too slow");
      }
      queue.stir();
    },
    end(reason: string, statusCode?: number): void {
      if (isEnded) return;
      isEnded = true;
      tell(owner.report, hearing.onEnd, reason, statusCode);
      queue.stir();
    },
    /** Stops following. */
    close: () => stop("closed"),
    /**
     * Each event from now on, once and in order, until the subscription ends. Who leaves the loop
     * stops following.
     */
    async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
      queue.readers += 1;
      try {
        for (;;) {
          const event = queue.take();
          if (event !== undefined) yield event;
          else if (isEnded) return;
          else await queue.stirred();
        }
      } finally {
        queue.readers -= 1;
        if (queue.readers === 0) stop("closed");
      }
    },
  };
  return subscription;
}

export type Subscription = ReturnType<typeof createSubscription>;
