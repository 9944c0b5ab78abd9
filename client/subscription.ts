import { OvationError } from "./error.ts";
import { createHistory, type History, type HistoryOptions, type Source } from "./history.ts";
import type { Event, Frame, Position } from "./message.ts";
import type { PendingMessage, SendMessageOptions } from "./outbox.ts";
import { createQueue } from "./queue.ts";
import type { Ending } from "./session.ts";
import { type Moment, nothingShown, type Shown, type Sums } from "./sums.ts";

/** Callbacks for what happens in a stream; events are also there through `for await`. */
export type SubscriptionHandlers = {
  onEvent?: (event: Event, frame: Frame) => void;
  onFrame?: (frame: Frame) => void;
  /** Distinct users who watch: at first, and whenever a frame gives another number. */
  onViewers?: (viewers: number) => void;
  /** The sums, such as `likes`, and the open polls and goals: at first, and after each change. */
  onSums?: (sums: Sums, moments: Moment[]) => void;
  /** Frames were missed for good: read the history, then go on with what comes. */
  onReset?: (position: Position) => void;
  /** Why it is over, and the API's status and the refusal's name where there are some. */
  onEnd?: (reason: string, statusCode?: number, code?: string) => void;
};

/** Events that wait for a reader of `for await`; the subscription of a slower reader ends. */
const waitingMax = 10_000;

/** A subscription to a stream. */
export type Subscription = {
  streamId: string;
  /**
   * Where it begins: everything after that is heard. Rejects with an `OvationError` if it ends
   * before.
   */
  ready: Promise<Position>;
  /** Distinct users who watch, as of the last frame. */
  viewers(): number;
  /** What the stream adds up, as of the last frame: `likes`, and a sum for each open moment. */
  sums(): Sums;
  /** The polls and goals that are open. */
  moments(): Moment[];
  /** Where this viewer is, or its reader if that one is behind: keep it to resume there. */
  position(): Position | undefined;
  isEnded(): boolean;
  /**
   * The chat as it is, continued with what comes: each message once, whatever the network does.
   * Rejects as calls do.
   */
  history(options?: HistoryOptions): Promise<History>;
  /** Says something in the chat. The message is there at once, and says what becomes of it. */
  send(content: string, options?: SendMessageOptions): PendingMessage;
  /** Stops following. */
  close(): void;
  /**
   * Each event from now on, once and in order, until the subscription ends. Leaving the loop stops
   * following.
   */
  [Symbol.asyncIterator](): AsyncGenerator<Event>;
};

type Owner = Omit<Source, "tell"> & {
  /** Nothing more of the stream is wanted. */
  leave(listener: Listener): void;
};

/** Calls back, and continues whatever the callback does. */
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

/** A promise to be settled from outside; nobody has to look at it. */
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
  /** Where it is; undefined before it is given a place. */
  position: Position | undefined;
  viewers: number | undefined;
  shown: Shown;
  isEnded: boolean;
  /** Where a reader who left before the last event was. */
  left: Position | undefined;
  /** What the stream's feed knows of it. */
  readonly listener: Listener;
};

/** One listener of a stream: its callbacks, and the subscription that its owner keeps. */
export type Listener = {
  at(): Position | undefined;
  /** Frames after `at` come; `isReset`: those before it never will. */
  begin(at: Position, viewers: number, isReset?: boolean): void;
  show(frame: Frame): void;
  /** What the stream adds up now. */
  sum(shown: Shown): void;
  end(ending: Ending): void;
  readonly subscription: Subscription;
};

/** A listener that follows a stream, from the position if there is one. */
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
    position: () => state.left ?? queue.place() ?? state.position,
    isEnded: () => state.isEnded,
    history: (options) => openHistory(state, options),
    send: owner.outbox.send,
    close: () => stop(state, "closed"),
    [Symbol.asyncIterator]: () => read(state),
  };
  const state: State = {
    ...{ handlers, owner, queue, ready, histories: new Set(), position: since },
    ...{ viewers: undefined, isEnded: false, left: undefined },
    shown: nothingShown,
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

function begin(state: State, at: Position, viewers: number, isReset = false): void {
  if (state.isEnded) return;
  state.position = at;
  state.ready.resolve(at);
  count(state, viewers);
  if (!isReset || state.isEnded) return;
  for (const chat of state.histories) chat.reset();
  tell(state.owner.report, state.handlers.onReset, at);
}

function show(state: State, frame: Frame): void {
  const { handlers, owner, queue, position } = state;
  if (state.isEnded || position?.epoch !== frame.epoch || frame.frame <= position.frame) return;
  state.position = { epoch: frame.epoch, frame: frame.frame };
  count(state, frame.viewers);
  for (const chat of state.histories) if (!chat.show(frame)) state.histories.delete(chat);
  tell(owner.report, handlers.onFrame, frame);
  for (const event of frame.events) {
    if (state.isEnded) return;
    tell(owner.report, handlers.onEvent, event, frame);
    const isRead = queue.readers > 0 && !state.isEnded;
    if (isRead && queue.add(event, frame) > waitingMax) stop(state, "The reader is too slow");
  }
  queue.stir();
}

function count(state: State, viewers: number): void {
  if (state.viewers === viewers) return;
  state.viewers = viewers;
  tell(state.owner.report, state.handlers.onViewers, viewers);
}

function sum(state: State, shown: Shown): void {
  if (state.isEnded || state.shown === shown) return;
  state.shown = shown;
  tell(state.owner.report, state.handlers.onSums, shown.sums, shown.moments);
}

function end(state: State, { reason, statusCode, code }: Ending): void {
  if (state.isEnded) return;
  state.isEnded = true;
  state.ready.reject(new OvationError(statusCode ?? 0, [reason], { code }));
  for (const chat of state.histories) chat.history.close();
  tell(state.owner.report, state.handlers.onEnd, reason, statusCode, code);
  state.queue.stir();
}

/** Ends it from this side: nothing that waits is kept or told any more. */
function stop(state: State, reason: string): void {
  state.left ??= state.queue.place();
  state.queue.clear();
  if (state.isEnded) return;
  state.owner.leave(state.listener);
  end(state, { reason });
}

async function openHistory(state: State, options?: HistoryOptions): Promise<History> {
  const { owner, ready, histories } = state;
  await ready.promise;
  const chat = createHistory(
    { ...owner, tell: (...given) => tell(owner.report, ...given) },
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
      else await queue.stirred();
    }
  } finally {
    queue.readers -= 1;
    if (queue.readers === 0) stop(state, "closed");
  }
}
