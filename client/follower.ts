import type { Frame, Message, Position } from "./message.ts";
import type { Step } from "./step.ts";

/** What a URL asks for: frames of a stream, if any, after a position if there is one. */
export type Wanted = { streamId?: string; since?: string; channel?: string };

type State = {
  readonly streamId: string;
  position: Position | undefined;
  /** What waits for its answer; the URL of a socket asks without a request id. */
  asked: { requestId: string | undefined; at: number } | undefined;
  patience: number;
  /** How many subscribes in a row went unanswered in their time, and when the first was sent. */
  unanswered: number;
  askedSince: number;
  /** The newest frame that was heard of, and since when it is missing. */
  newest: number;
  missingSince: number | undefined;
  /** How far it had come when it went back; undefined once it is there again. */
  ahead: Position | undefined;
  ended: boolean;
};

/** How long an answer or a posted frame may take before it counts as lost, in milliseconds. */
const patienceMilliseconds = 3_000;
/**
 * Each further repetition waits longer, up to a bound: a server that is slow because a room
 * reconnects at once is not asked ever more often, and each `subscribe` restarts its answer.
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
    ahead: undefined,
    ended: false,
  };
  return {
    streamId,
    /** The last frame shown; undefined before the first answer. */
    position: () => state.position,
    isEnded: () => state.ended,
    /** Whether a frame that comes now is of use: nothing is asked for. */
    isGreeted: () => state.position !== undefined && state.asked === undefined,
    /** What the URL of the next socket may ask for. */
    wanted: () => wantedBy(state),
    /** The newest frame that was heard of. */
    newest: () => Math.max(state.newest, state.position?.frame ?? 0),
    /**
     * Goes back to an older position, or to the first that is known, for a listener that starts
     * there: frames that were shown come again.
     */
    goBack(position: Position, now: number): Step[] {
      if (state.ended) return [];
      state.ahead ??= state.position;
      state.position = position;
      state.missingSince = undefined;
      state.askedSince = now;
      return subscribe(state, now);
    },
    /** How many subscribes in a row went unanswered in their time, and when the first was sent. */
    waiting: () => ({ unanswered: state.unanswered, since: state.askedSince }),
    /**
     * A socket is open: what was asked on the one before is void, and so is its slowness. Its URL
     * has asked for what is `wanted`.
     */
    open(now: number, wanted: Wanted = {}): Step[] {
      if (state.ended) return [];
      state.newest = state.position?.frame ?? 0;
      state.missingSince = undefined;
      state.asked = undefined;
      calm(state);
      const own = wantedBy(state);
      // A listener may have asked for an older position since the URL was made.
      if (wanted.streamId !== streamId || wanted.since !== own.since) return again(state, now);
      state.askedSince = now;
      state.asked = { requestId: undefined, at: now };
      return [];
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

const wantedBy = ({ streamId, position }: State): Wanted =>
  position ? { streamId, since: `${position.epoch}:${position.frame}` } : { streamId };

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
  if (state.ahead !== undefined && frame.frame >= state.ahead.frame) state.ahead = undefined;
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
  const { epoch, recovered, viewers, sums, moments = [] } = message;
  const told = sums && { shown: { sums, moments } };
  const head = { epoch, frame: message.head };
  const { position: before, ahead } = state;
  state.missingSince = undefined;
  if (before !== undefined && recovered === true) {
    hear(state, head.frame, now);
    return [{ do: "follow", position: before, head, viewers, recovered, ...told }];
  }
  state.ahead = undefined;
  if (ahead?.epoch === epoch) {
    state.position = ahead;
    return [{ do: "skip", position: ahead, viewers, ...told }, ...again(state, now)];
  }
  state.position = head;
  state.newest = head.frame;
  if (before !== undefined) return [{ do: "reset", position: head, viewers, ...told }];
  return [{ do: "follow", position: head, head, viewers, ...told }];
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
  const { errors, statusCode, code } = error;
  return end(state, errors.at(-1) ?? "", { statusCode, ...(code !== undefined && { code }) });
}

function end(
  state: State,
  reason: string,
  more: { statusCode?: number; code?: string } = {},
): Step[] {
  state.asked = undefined;
  state.ended = true;
  return [{ do: "end", reason, ...more }];
}
