import type { Event, Frame, Position } from "./follower.ts";

/** What a viewer wants to hear of a stream; all of it is also there by `for await`. */
export type Hearing = {
  onEvent?: (event: Event, frame: Frame) => void;
  onFrame?: (frame: Frame) => void;
  /** Frames were missed for good: read the history, then go on with what comes. */
  onReset?: (position: Position) => void;
  onEnd?: (reason: string, statusCode?: number) => void;
};

/** Events that wait for a reader of `for await`; one who is slower than that is told so. */
const waitingMax = 10_000;

type Owner = {
  position(): Position | undefined;
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

/** One stream that is being followed. */
export function createSubscription(streamId: string, hearing: Hearing, owner: Owner) {
  const waiting: Event[] = [];
  let wake: (() => void) | undefined;
  let isRead = false;
  let ended: { reason: string; statusCode?: number | undefined } | undefined;
  let viewers = 0;

  function stir(): void {
    wake?.();
    wake = undefined;
  }

  const subscription = {
    streamId,
    /** Distinct users who watch, as of the last frame. */
    viewers: () => viewers,
    /** Where this viewer is: keep it to come back there. */
    position: () => owner.position(),
    isEnded: () => ended !== undefined,
    begin(isReset: boolean, position: Position, count: number): void {
      viewers = count;
      if (isReset) tell(owner.report, hearing.onReset, position);
    },
    show(frame: Frame): void {
      viewers = frame.viewers;
      tell(owner.report, hearing.onFrame, frame);
      for (const event of frame.events) {
        tell(owner.report, hearing.onEvent, event, frame);
        if (isRead) waiting.push(event);
      }
      if (waiting.length > waitingMax) subscription.end("The reader is too slow");
      stir();
    },
    end(reason: string, statusCode?: number): void {
      if (ended !== undefined) return;
      ended = { reason, statusCode };
      tell(owner.report, hearing.onEnd, reason, statusCode);
      stir();
    },
    /** Stops following. */
    close(): void {
      owner.close();
      subscription.end("closed");
    },
    /** Each event from now on, once and in order, until the subscription ends. */
    async *[Symbol.asyncIterator](): AsyncGenerator<Event> {
      isRead = true;
      try {
        for (;;) {
          const event = waiting.shift();
          if (event !== undefined) yield event;
          else if (ended !== undefined) return;
          else
            await new Promise<void>((done) => {
              wake = done;
            });
        }
      } finally {
        isRead = false;
        waiting.length = 0;
      }
    },
  };
  return subscription;
}

export type Subscription = ReturnType<typeof createSubscription>;
