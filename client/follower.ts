import type { Frame, Message, Position } from "./message.ts";
import type { Step } from "./step.ts";

/** What a socket URL requests: a stream's frames, optionally after a position. */
export type Wanted = { streamId?: string; since?: string; channel?: string };

type State = {
  readonly streamId: string;
  position: Position | undefined;
  /** The pending request. A subscription in the socket URL has no request id. */
  pending: { requestId: string | undefined; at: number } | undefined;
  timeout: number;
  /** Consecutive subscribes without a response in time, and when the first was sent. */
  unanswered: number;
  askedSince: number;
  /** The newest frame announced by the server, and since when it is missing. */
  newest: number;
  missingSince: number | undefined;
  /** The position before rewinding; undefined once it is reached again. */
  ahead: Position | undefined;
  ended: boolean;
};

/** How long a response or an announced frame may take before it counts as lost, in milliseconds. */
const timeoutMilliseconds = 3_000;
/**
 * Back-off factor for repeated subscribes, up to a bound: each `subscribe` restarts its response,
 * so a server that is slow because a whole room reconnects is asked less and less often.
 */
const timeoutGrowth = 1.5;
const timeoutMillisecondsMax = 20_000;

/**
 * Shared by all followers, so that a request id is never reused on a socket: the response to an
 * abandoned subscription must not count for the next one.
 */
let subscribes = 0;

/**
 * Follows one stream and delivers every frame exactly once, whatever fails: (1) a frame whose
 * number is not larger than the last is dropped; (2) at a gap, at a frame of another epoch, when a
 * frame announced by a `pong` is missing for 3 s, or when a `pong` does not name the stream, it
 * subscribes again with its position, and drops frames beyond the gap, because they will be sent
 * again; (3) a `subscribe` without a response for 3 s is repeated, one at a time; (4) only the
 * first response to the newest `subscribe` counts. The caller passes in messages and the time
 * (milliseconds of a monotonic clock).
 */
export function createFollower(streamId: string, since?: Position) {
  const state: State = {
    streamId,
    position: since,
    pending: undefined,
    timeout: timeoutMilliseconds,
    unanswered: 0,
    askedSince: 0,
    newest: 0,
    missingSince: undefined,
    ahead: undefined,
    ended: false,
  };
  return {
    streamId,
    /** The last frame delivered; undefined before the first response. */
    position: () => state.position,
    isEnded: () => state.ended,
    /** Whether a frame received now can be delivered: no request is pending. */
    isSubscribed: () => state.position !== undefined && state.pending === undefined,
    /** What the URL of the next socket should request. */
    wanted: () => wantedBy(state),
    /** The newest frame that the server has announced. */
    newest: () => Math.max(state.newest, state.position?.frame ?? 0),
    /**
     * Rewinds to an older position, or to the first one known, for a listener that starts there:
     * frames already delivered arrive again.
     */
    rewind(position: Position, now: number): Step[] {
      if (state.ended) return [];
      state.ahead ??= state.position;
      state.position = position;
      state.missingSince = undefined;
      state.askedSince = now;
      return subscribe(state, now);
    },
    /** Consecutive subscribes without a response in time, and when the first was sent. */
    waiting: () => ({ unanswered: state.unanswered, since: state.askedSince }),
    /**
     * A new socket is open. Pending requests and back-off of the previous one are discarded. The
     * socket's URL, or a channel's server, has requested `wanted`.
     */
    open(now: number, wanted: Wanted = {}): Step[] {
      if (state.ended) return [];
      state.newest = state.position?.frame ?? 0;
      state.missingSince = undefined;
      state.pending = undefined;
      resetBackoff(state);
      const own = wantedBy(state);
      // A listener may have requested an older position since the URL was built.
      if (wanted.streamId !== streamId || wanted.since !== own.since) return again(state, now);
      state.askedSince = now;
      state.pending = { requestId: undefined, at: now };
      return [];
    },
    /** The socket has closed: sends no requests until another one opens. */
    close(): void {
      state.pending = undefined;
      state.missingSince = undefined;
    },
    take: (message: Message, now: number) => take(state, message, now),
    /** Checks timeouts: call it about once a second. */
    tick(now: number): Step[] {
      if (state.ended) return [];
      if (state.pending !== undefined)
        return now - state.pending.at > state.timeout ? repeat(state, now) : [];
      const { missingSince } = state;
      const late = missingSince !== undefined && now - missingSince > timeoutMilliseconds;
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
  state.pending = { requestId, at: now };
  const message = { action: "subscribe" as const, streamId, requestId };
  return [{ do: "send", message: position ? { ...message, since: position } : message }];
}

function again(state: State, now: number): Step[] {
  if (state.pending !== undefined || state.ended) return [];
  state.askedSince = now;
  return subscribe(state, now);
}

function repeat(state: State, now: number): Step[] {
  state.unanswered += 1;
  state.timeout = Math.min(state.timeout * timeoutGrowth, timeoutMillisecondsMax);
  return subscribe(state, now);
}

/** The server responds: resets the back-off. */
function resetBackoff(state: State): void {
  state.timeout = timeoutMilliseconds;
  state.unanswered = 0;
}

function noteNewest(state: State, frame: number, now: number): void {
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
    noteNewest(state, frame.frame, now);
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
  if (state.pending === undefined || message.requestId !== state.pending.requestId) return [];
  state.pending = undefined;
  resetBackoff(state);
  const { epoch, recovered, viewers, sums, moments = [] } = message;
  const shownNow = sums && { shown: { sums, moments } };
  const head = { epoch, frame: message.head };
  const { position: before, ahead } = state;
  state.missingSince = undefined;
  if (before !== undefined && recovered === true) {
    noteNewest(state, head.frame, now);
    return [{ do: "follow", position: before, head, viewers, recovered, ...shownNow }];
  }
  state.ahead = undefined;
  if (ahead?.epoch === epoch) {
    state.position = ahead;
    return [{ do: "skip", position: ahead, viewers, ...shownNow }, ...again(state, now)];
  }
  state.position = head;
  state.newest = head.frame;
  if (before !== undefined) return [{ do: "reset", position: head, viewers, ...shownNow }];
  return [{ do: "follow", position: head, head, viewers, ...shownNow }];
}

function takePong(state: State, heads: Record<string, number>, now: number): Step[] {
  if (state.position === undefined || state.ended) return [];
  const head = heads[state.streamId];
  if (head === undefined) return again(state, now);
  noteNewest(state, head, now);
  return [];
}

function takeError(state: State, error: Extract<Message, { type: "error" }>): Step[] {
  if (state.pending === undefined || error.requestId !== state.pending.requestId) return [];
  // Rate limit, server error or a token that has just expired (the next socket brings a new one):
  // the same subscribe is repeated after its timeout.
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
  state.pending = undefined;
  state.ended = true;
  return [{ do: "end", reason, ...more }];
}
