import { OvationError } from "./error.ts";
import { createHistory, type History, type HistoryOptions, type Source } from "./history.ts";
import type { Event, Frame, Position } from "./message.ts";
import type { PendingMessage, SendMessageOptions } from "./outbox.ts";
import { createQueue } from "./queue.ts";
import type { Ending } from "./session.ts";
import { type Moment, noSums, type Sums, type SumsAndMoments } from "./sums.ts";

/** Callbacks of a subscription; events are also available through `for await`. */
export type SubscriptionHandlers = {
  onEvent?: (event: Event, frame: Frame) => void;
  onFrame?: (frame: Frame) => void;
  /** Distinct users watching: at first, and whenever the number changes. */
  onViewers?: (viewers: number) => void;
  /** The sums, such as `likes`, and the open polls and goals: at first, and after each change. */
  onSums?: (sums: Sums, moments: Moment[]) => void;
  /** Frames were lost: read the history, then continue with new events. */
  onReset?: (position: Position) => void;
  /** Why it has ended, with the API's status and error code if there are any. */
  onEnd?: (reason: string, statusCode?: number, code?: string) => void;
};

/** Buffered events for a reader of `for await`; a slower reader's subscription ends. */
const waitingMax = 10_000;

/** A subscription to a stream. */
export type Subscription = {
  streamId: string;
  /**
   * The position it starts at: every later event is delivered. Rejects with an `OvationError` if
   * the subscription ends first.
   */
  ready: Promise<Position>;
  /** Distinct users watching, as of the last frame. */
  viewers(): number;
  /** The stream's totals as of the last frame: `likes`, and a sum for each open moment. */
  sums(): Sums;
  /** The open polls and goals. */
  moments(): Moment[];
  /**
   * The position of this viewer, or of its `for await` reader if that lags: store it to resume
   * there. A frame counts once its last event is delivered; if nothing reads events, in `onFrame`.
   */
  position(): Position | undefined;
  isEnded(): boolean;
  /**
   * The current chat, continued with new messages: each message once, despite reconnects. Rejects
   * as calls do.
   */
  history(options?: HistoryOptions): Promise<History>;
  /** Sends a chat message. Returns it at once as a pending message that reports its status. */
  send(content: string, options?: SendMessageOptions): PendingMessage;
  /** Stops following. */
  close(): void;
  /**
   * Each event from now on, once and in order, until the subscription ends. Leaving the loop ends
   * it.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Event>;
};

type Owner = Omit<Source, "runCallback"> & {
  /** The listener no longer follows the stream. */
  leave(listener: Listener): void;
};

/** Calls a callback; if it throws, reports the error and continues. */
export function runCallback<Arguments extends unknown[]>(
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

/** A promise with its resolvers; a rejection without a handler is ignored. */
function createPromise<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<Value>((...given) => {
    [resolve, reject] = given;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}

type State = {
  readonly handlers: SubscriptionHandlers;
  readonly owner: Owner;
  readonly queue: ReturnType<typeof createQueue>;
  readonly ready: ReturnType<typeof createPromise<Position>>;
  readonly histories: Set<ReturnType<typeof createHistory>>;
  /** The listener's position; undefined before it has one. */
  position: Position | undefined;
  /** The position before the newest frame, until its last event is delivered. */
  before: Position | undefined;
  viewers: number | undefined;
  shown: SumsAndMoments;
  isEnded: boolean;
  /** The position of a reader that left before the last event. */
  left: Position | undefined;
  /** The part that the stream's feed uses. */
  readonly listener: Listener;
};

/** One listener of a stream: its callbacks, and the subscription that its owner keeps. */
export type Listener = {
  at(): Position | undefined;
  /** Frames after `at` follow; `isReset`: earlier ones are lost. */
  begin(at: Position, viewers: number | undefined, isReset?: boolean): void;
  show(frame: Frame): void;
  /** The stream's current sums and moments. */
  sum(shown: SumsAndMoments): void;
  end(ending: Ending): void;
  readonly subscription: Subscription;
};

/** Creates a listener that follows a stream, from the position if there is one. */
export function createListener(
  streamId: string,
  handlers: SubscriptionHandlers,
  since: Position | undefined,
  owner: Owner,
): Listener {
  const [queue, ready] = [createQueue(), createPromise<Position>()];
  const subscription: Subscription = {
    streamId,
    ready: ready.promise,
    viewers: () => state.viewers ?? 0,
    sums: () => state.shown.sums,
    moments: () => state.shown.moments,
    position: () => state.left ?? queue.position() ?? state.before ?? state.position,
    isEnded: () => state.isEnded,
    history: (options) => openHistory(state, options),
    send: owner.outbox.send,
    close: () => stop(state, "closed"),
    [Symbol.asyncIterator]: () => read(state),
  };
  const state: State = {
    handlers,
    owner,
    queue,
    ready,
    histories: new Set(),
    position: since,
    before: undefined,
    viewers: undefined,
    isEnded: false,
    left: undefined,
    shown: noSums,
    listener: {
      at: () => state.position,
      begin: (...given) => begin(state, ...given),
      show: (frame) => show(state, frame),
      sum: (shown) => sum(state, shown),
      end: (ending) => end(state, ending),
      subscription,
    },
  };
  return state.listener;
}

function begin(state: State, at: Position, viewers?: number, isReset = false): void {
  if (state.isEnded) return;
  state.position = at;
  state.ready.resolve(at);
  count(state, viewers);
  if (!isReset || state.isEnded) return;
  for (const chat of state.histories) chat.reset();
  runCallback(state.owner.report, state.handlers.onReset, at);
}

function show(state: State, frame: Frame): void {
  const { handlers, owner, queue, position } = state;
  if (state.isEnded || position?.epoch !== frame.epoch || frame.frame <= position.frame) return;
  state.position = { epoch: frame.epoch, frame: frame.frame };
  const hasReader = handlers.onEvent !== undefined || queue.readers > 0;
  const last = hasReader ? frame.events.at(-1) : undefined;
  state.before = last && { epoch: frame.epoch, frame: frame.frame - 1 };
  count(state, frame.viewers);
  for (const chat of state.histories) if (!chat.show(frame)) state.histories.delete(chat);
  runCallback(owner.report, handlers.onFrame, frame);
  for (const event of frame.events) {
    if (state.isEnded) return;
    if (event === last) state.before = undefined;
    runCallback(owner.report, handlers.onEvent, event, frame);
    const isRead = queue.readers > 0 && !state.isEnded;
    if (isRead && queue.add(event, frame) > waitingMax) stop(state, "The reader is too slow");
  }
  queue.wake();
}

function count(state: State, viewers: number | undefined): void {
  if (viewers === undefined || state.viewers === viewers) return;
  state.viewers = viewers;
  runCallback(state.owner.report, state.handlers.onViewers, viewers);
}

function sum(state: State, shown: SumsAndMoments): void {
  if (state.isEnded || state.shown === shown) return;
  state.shown = shown;
  runCallback(state.owner.report, state.handlers.onSums, shown.sums, shown.moments);
}

function end(state: State, { reason, statusCode, code }: Ending): void {
  if (state.isEnded) return;
  state.isEnded = true;
  state.ready.reject(new OvationError(statusCode ?? 0, [reason], { code }));
  for (const chat of state.histories) chat.history.close();
  runCallback(state.owner.report, state.handlers.onEnd, reason, statusCode, code);
  state.queue.wake();
}

/** Ends the subscription on this side: drops buffered events; `onEnd` is the last callback. */
function stop(state: State, reason: string): void {
  state.left ??= state.queue.position();
  state.queue.clear();
  if (state.isEnded) return;
  state.owner.leave(state.listener);
  end(state, { reason });
}

async function openHistory(state: State, options?: HistoryOptions): Promise<History> {
  const { owner, ready, histories } = state;
  await ready.promise;
  const chat = createHistory(
    { ...owner, runCallback: (...given) => runCallback(owner.report, ...given) },
    options,
  );
  histories.add(chat);
  try {
    await chat.load();
  } catch (error) {
    chat.history.close();
    throw error;
  }
  return chat.history;
}

async function* read(state: State): AsyncGenerator<Event> {
  const { queue } = state;
  queue.readers += 1;
  try {
    for (;;) {
      const event = queue.take();
      if (event !== undefined) yield event;
      else if (state.isEnded) return;
      else await queue.changed();
    }
  } finally {
    queue.readers -= 1;
    if (queue.readers === 0) stop(state, "closed");
  }
}
