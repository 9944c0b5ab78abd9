import type { EventData } from "./event-data.ts";

/** Where a viewer is in a stream's log: the last frame that was shown. Frame 0 is the beginning. */
export type Position = { epoch: string; frame: number };

/** One event of a frame; its type says what its data are. */
export type Event = {
  [Type in keyof EventData]: { id: string; type: Type; at: string; data: EventData[Type] };
}[keyof EventData];

/** A frame as the server sends it. */
export type Frame = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  events: Event[];
};

/** Any message of the server; only those of the follower's stream mean something to it. */
export type Message =
  | Frame
  | {
      type: "subscribed";
      streamId: string;
      epoch: string;
      head: number;
      recovered?: boolean;
      viewers: number;
      requestId?: string;
    }
  | { type: "unsubscribed"; streamId: string; reason?: string; requestId?: string }
  | { type: "pong"; heads: Record<string, number>; requestId?: string }
  | { type: "error"; statusCode: number; errors: string[]; requestId?: string };

/** What the follower asks of its owner. */
export type Step =
  | { do: "send"; message: { action: "subscribe"; [field: string]: unknown } }
  | { do: "show"; frame: Frame }
  /** Frames were missed for good: read the history, then go on from `position`. */
  | { do: "reset"; position: Position; viewers: number }
  | { do: "follow"; position: Position; viewers: number; recovered?: boolean }
  | { do: "end"; reason: string; statusCode?: number };

type State = {
  readonly streamId: string;
  position: Position | undefined;
  asked: { requestId: string; at: number } | undefined;
  patience: number;
  /** Subscribes in a row whose time went by without an answer, and when the first was sent. */
  unanswered: number;
  askedSince: number;
  /** The newest frame that was heard of, and since when it is missing. */
  newest: number;
  missingSince: number | undefined;
  ended: boolean;
};

/** How long an answer or a posted frame may take before it counts as lost, in milliseconds. */
const patienceMilliseconds = 3_000;
/**
 * Each further repetition waits longer, up to a bound: a server that is slow because a room comes
 * back at once is not asked ever more often, and each `subscribe` begins its answer anew.
 */
const patienceGrowth = 1.5;
const patienceMillisecondsMax = 20_000;

/**
 * Of all followers, so that no request id comes twice on a socket: the answer to a subscription
 * that was given up must not count for the one after it.
 */
let subscribes = 0;

/**
 * Follows one stream by the four rules that make what is shown exact whatever dies on the way:
 * (1) a number that is not larger than the last is dropped; (2) at a hole, at a frame of another
 * epoch, when a `pong` head is missing for 3 s or a `pong` does not name the stream, it subscribes
 * again with its position, and what lies beyond the hole is not shown, it comes again; (3) a
 * `subscribe` without an answer for 3 s is repeated, one at a time; (4) a `subscribed` counts once,
 * and only the answer to the newest `subscribe`. Time and messages come from outside
 * (milliseconds of a clock that is never set back).
 */
export function createFollower(streamId: string, since?: Position) {
  const state: State = {
    streamId,
    position: since,
    asked: undefined,
    patience: patienceMilliseconds,
    unanswered: 0,
    askedSince: 0,
    newest: 0,
    missingSince: undefined,
    ended: false,
  };
  return {
    streamId,
    /** The last frame shown; undefined before the first answer. */
    position: () => state.position,
    isEnded: () => state.ended,
    /** Subscribes in a row whose time went by without an answer, and when the first was sent. */
    waiting: () => ({ unanswered: state.unanswered, since: state.askedSince }),
    /** A socket is open: what was asked on the one before is void, and so is its slowness. */
    open(now: number): Step[] {
      if (state.ended) return [];
      state.newest = state.position?.frame ?? 0;
      state.missingSince = undefined;
      state.asked = undefined;
      calm(state);
      return again(state, now);
    },
    /** The socket is gone: nothing is asked until there is another. */
    close(): void {
      state.asked = undefined;
      state.missingSince = undefined;
    },
    take: (message: Message, now: number) => take(state, message, now),
    /** Lets time pass: call it about once a second. */
    tick(now: number): Step[] {
      if (state.ended) return [];
      if (state.asked !== undefined)
        return now - state.asked.at > state.patience ? repeat(state, now) : [];
      const { missingSince } = state;
      const late = missingSince !== undefined && now - missingSince > patienceMilliseconds;
      return late ? again(state, now) : [];
    },
  };
}

export type Follower = ReturnType<typeof createFollower>;

function subscribe(state: State, now: number): Step[] {
  const requestId = String(++subscribes);
  const { streamId, position } = state;
  state.asked = { requestId, at: now };
  const message = { action: "subscribe" as const, streamId, requestId };
  return [{ do: "send", message: position ? { ...message, since: position } : message }];
}

function again(state: State, now: number): Step[] {
  if (state.asked !== undefined || state.ended) return [];
  state.askedSince = now;
  return subscribe(state, now);
}

function repeat(state: State, now: number): Step[] {
  state.unanswered += 1;
  state.patience = Math.min(state.patience * patienceGrowth, patienceMillisecondsMax);
  return subscribe(state, now);
}

/** The server answers: it need not be spared, nor doubted. */
function calm(state: State): void {
  state.patience = patienceMilliseconds;
  state.unanswered = 0;
}

function hear(state: State, frame: number, now: number): void {
  state.newest = Math.max(state.newest, frame);
  if (state.position !== undefined && state.newest > state.position.frame)
    state.missingSince ??= now;
}

function take(state: State, message: Message, now: number): Step[] {
  if (message.type === "pong") return takePong(state, message.heads, now);
  if (message.type === "error") return takeError(state, message);
  if (message.streamId !== state.streamId) return [];
  if (message.type === "events") return takeFrame(state, message, now);
  if (message.type === "subscribed") return takeSubscribed(state, message, now);
  return message.reason === undefined ? [] : end(state, message.reason);
}

function takeFrame(state: State, frame: Frame, now: number): Step[] {
  const { position } = state;
  if (position === undefined || state.ended) return [];
  if (frame.epoch !== position.epoch) return again(state, now);
  if (frame.frame <= position.frame) return [];
  if (frame.frame > position.frame + 1) {
    hear(state, frame.frame, now);
    return again(state, now);
  }
  state.position = { epoch: frame.epoch, frame: frame.frame };
  state.missingSince = state.newest > frame.frame ? now : undefined;
  return [{ do: "show", frame }];
}

function takeSubscribed(
  state: State,
  message: Extract<Message, { type: "subscribed" }>,
  now: number,
): Step[] {
  if (state.asked === undefined || message.requestId !== state.asked.requestId) return [];
  state.asked = undefined;
  calm(state);
  const { epoch, head, recovered, viewers } = message;
  const before = state.position;
  state.missingSince = undefined;
  if (before !== undefined && recovered === true) {
    hear(state, head, now);
    return [{ do: "follow", position: before, viewers, recovered }];
  }
  const position = { epoch, frame: head };
  state.position = position;
  state.newest = head;
  return [{ do: before === undefined ? "follow" : "reset", position, viewers }];
}

function takePong(state: State, heads: Record<string, number>, now: number): Step[] {
  if (state.position === undefined || state.ended) return [];
  const head = heads[state.streamId];
  if (head === undefined) return again(state, now);
  hear(state, head, now);
  return [];
}

function takeError(state: State, error: Extract<Message, { type: "error" }>): Step[] {
  if (state.asked === undefined || error.requestId !== state.asked.requestId) return [];
  // Too many messages, a fault, or a token that has just ended (the next socket brings a fresh
  // one): the same subscribe is repeated when its time has come.
  if ([401, 429].includes(error.statusCode) || error.statusCode >= 500) {
    state.unanswered = 0;
    return [];
  }
  return end(state, error.errors.at(-1) ?? "", error.statusCode);
}

function end(state: State, reason: string, statusCode?: number): Step[] {
  state.asked = undefined;
  state.ended = true;
  return [statusCode === undefined ? { do: "end", reason } : { do: "end", reason, statusCode }];
}
