import type { Follower, Wanted } from "./follower.ts";
import type { Frame, Message, Notification, Position, ServerMessage } from "./message.ts";
import { servedIn } from "./message.ts";
import type { Replacement } from "./reconnecting-socket.ts";
import type { Step } from "./step.ts";

/** An action for the session's owner to perform; `to` is the listener that follows the stream. */
export type Act<Listener> =
  | { do: "send"; message: object }
  | { do: "notify"; notification: Notification }
  /** Leave the socket: it is dead, or the server wants another one. */
  | { do: "leave"; leaving: Replacement }
  | { do: "stay away"; reason: string; statusCode: number }
  | { do: "show"; frame: Frame; to: Listener }
  | { do: "begin"; continuation: Continuation; to: Listener }
  | { do: "end"; ending: Ending; to: Listener };

/** How a stream continues after the response to a `subscribe`. */
export type Continuation = Exclude<Step, { do: "send" } | { do: "show" } | { do: "end" }>;

/** Why a subscription has ended: a sentence, and the API's status and error code if it has them. */
export type Ending = { reason: string; statusCode?: number | undefined; code?: string | undefined };

type Following<Listener> = {
  follower: Follower;
  to: Listener;
  /** The viewer count that the server sent last. */
  viewers: number;
  /** When to ask for the newest frame, unless one arrives before. */
  askAt: number;
};

/** The state of a connection across all its sockets. Times are of a monotonic clock. */
export type Session<Listener> = {
  pingMilliseconds: number;
  followings: Map<string, Following<Listener>>;
  /** Ids of delivered notifications, so that each is delivered only once. */
  delivered: Set<string>;
  isOpen: boolean;
  /** Whether a channel's socket waits for the name of its stream. Until then it may not send. */
  isWaiting: boolean;
  /** When the newest message of any kind arrived. */
  lastAt: number;
  /** When the first `ping` since `lastAt` was sent. */
  pingedAt: number | undefined;
};

const tokenIsOver = "The token has expired";
const leaveSilent = {
  do: "leave" as const,
  leaving: { reason: "The server does not answer" },
};

/**
 * After this long without a frame of a stream, the client asks the server for the newest one. While
 * frames arrive, their numbers reveal gaps, so a busy room needs no pings.
 */
export const pingMillisecondsDefault = 15_000;
/** Share of `pingMilliseconds` after which a room's first viewers ask; its last ones after 1.2. */
const firstShare = 0.8;
/**
 * In a large room pings would use up the server's posts: each viewer adds a millisecond to the
 * range over which they are spread, so that a room sends at most about 1,000 per second even if all
 * viewers have waited since the same frame.
 */
const pingMillisecondsPerViewer = 1;

/**
 * How long a viewer waits for a stream's next frame before asking, in milliseconds, spread at
 * random over a room. `chance`: a random number from 0 to 1.
 */
export function silenceLimitOf(viewers: number, pingMilliseconds: number, chance: number): number {
  const spread = viewers * pingMillisecondsPerViewer;
  const first = Math.max(firstShare * pingMilliseconds, spread / 2);
  return first + chance * Math.max(2 * (1 - firstShare) * pingMilliseconds, spread);
}
/** A socket that stays silent for this long after a `ping` is dead. */
const pongMilliseconds = 10_000;
/** A socket with this many unanswered subscribes and no other message is dead, too. */
const unansweredInSilenceMax = 2;
/**
 * A server that is alive but slow, because a whole room reconnects, gets more time, since another
 * socket means more work: this many unanswered subscribes, about a minute.
 */
const unansweredMax = 6;
/** A channel's socket on which the server names no stream for this long is dead. */
const firstMessageMilliseconds = 60_000;
const deliveredMax = 1_000;
const comeBackMilliseconds = 60_000;

/** A connection that follows nothing yet. */
export const createSession = <Listener>(
  pingMilliseconds = pingMillisecondsDefault,
): Session<Listener> => ({
  pingMilliseconds,
  followings: new Map(),
  delivered: new Set(),
  isOpen: false,
  isWaiting: false,
  lastAt: 0,
  pingedAt: undefined,
});

/**
 * What the URL of the next socket requests: the first stream that is followed, which saves a
 * message and a round trip.
 */
export function wantedFirst<L>(session: Session<L>): Wanted {
  const [first] = session.followings.values();
  return first?.follower.wanted() ?? {};
}

/** A channel's socket has opened: the server sends the first message. */
export function wait<L>(session: Session<L>, now: number): void {
  Object.assign(session, { isWaiting: true, lastAt: now });
}

/** A socket has opened: subscribes again to everything except what its URL requested (`wanted`). */
export function open<L>(session: Session<L>, now: number, wanted: Wanted): Act<L>[] {
  Object.assign(session, { isOpen: true, isWaiting: false, lastAt: now, pingedAt: undefined });
  const followings = [...session.followings.values()];
  for (const one of followings) listen(session, one, now);
  return followings.flatMap((one) => actsOf(session, one, one.follower.open(now, wanted)));
}

/** The socket has closed. */
export function close<L>(session: Session<L>): void {
  session.isOpen = false;
  session.isWaiting = false;
  for (const { follower } of session.followings.values()) follower.close();
}

/** Starts to follow a stream. `wanted`: what the server subscribes the socket to by itself. */
export function follow<L>(
  session: Session<L>,
  follower: Follower,
  to: L,
  now: number,
  wanted: Wanted = {},
): Act<L>[] {
  const following = { follower, to, viewers: 0, askAt: 0 };
  listen(session, following, now);
  session.followings.set(follower.streamId, following);
  return session.isOpen ? actsOf(session, following, follower.open(now, wanted)) : [];
}

/** A listener joins a stream that is already followed, from an older position. */
export function rewind<L>(
  session: Session<L>,
  streamId: string,
  position: Position,
  now: number,
): Act<L>[] {
  const following = session.followings.get(streamId)!;
  const steps = following.follower.rewind(position, now);
  if (session.isOpen) return actsOf(session, following, steps);
  following.follower.close();
  return [];
}

export function unfollow<L>(session: Session<L>, streamId: string): Act<L>[] {
  session.followings.delete(streamId);
  return [unsubscribe(streamId)];
}

/** With an id that no `subscribe` has: an error without an id would answer the URL's subscribe. */
const unsubscribe = (streamId: string) => ({
  do: "send" as const,
  message: { action: "unsubscribe", streamId, requestId: "0" },
});

export function receive<L>(session: Session<L>, message: ServerMessage, now: number): Act<L>[] {
  session.lastAt = now;
  session.pingedAt = undefined;
  if (message.type === "notification") return notify(session, message.data);
  if (message.type === "moved") {
    const { url, ticket } = message;
    return [{ do: "leave", leaving: { reason: "Served elsewhere", to: { url, ticket } } }];
  }
  if (message.type === "closing") return closeWith(message.code, message.reason);
  // This socket's token has expired, whether or not the server has said so.
  if (message.type === "error" && message.statusCode === 401)
    return [{ do: "leave", leaving: { reason: tokenIsOver, statusCode: 401, isTokenOver: true } }];
  const acts: Act<L>[] = [];
  for (const one of [...session.followings.values()]) {
    const { streamId, viewers } = message as Frame;
    if (viewers !== undefined && streamId === one.follower.streamId)
      listen(session, Object.assign(one, { viewers }), now);
    acts.push(...actsOf(session, one, one.follower.take(message as Message, now)));
  }
  // Streams without listeners: the server handled the `unsubscribe` before the `subscribe`.
  const unwanted = servedIn(message).filter((streamId) => !session.followings.has(streamId));
  return [...acts, ...unwanted.map(unsubscribe)];
}

/** Checks timeouts: call it about once a second. */
export function tick<L>(session: Session<L>, now: number): Act<L>[] {
  if (session.isWaiting && now - session.lastAt >= firstMessageMilliseconds) return [leaveSilent];
  if (!session.isOpen) return [];
  const followings = [...session.followings.values()];
  const { lastAt, pingedAt, pingMilliseconds } = session;
  const isSilent = pingedAt !== undefined && now - pingedAt >= pongMilliseconds;
  const acts = followings.flatMap((one) => actsOf(session, one, one.follower.tick(now)));
  const isUnanswered = followings.some(({ follower }) => {
    const { unanswered, since } = follower.waiting();
    return unanswered >= (lastAt > since ? unansweredMax : unansweredInSilenceMax);
  });
  if (isSilent || isUnanswered) return [leaveSilent];
  const isDue =
    followings.length === 0
      ? now - Math.max(lastAt, pingedAt ?? 0) >= pingMilliseconds
      : followings.some(({ askAt }) => askAt <= now);
  // A ping next to a repeated subscribe distinguishes a dead socket from a slow server.
  if (!isDue && acts.length === 0) return acts;
  if (isDue) for (const one of followings) listen(session, one, now);
  session.pingedAt ??= now;
  return [...acts, { do: "send", message: { action: "ping" } }];
}

/** Starts the wait for the stream's next frame. */
function listen<L>({ pingMilliseconds }: Session<L>, one: Following<L>, now: number): void {
  one.askAt = now + silenceLimitOf(one.viewers, pingMilliseconds, Math.random());
}

function notify<L>({ delivered }: Session<L>, notification: Notification): Act<L>[] {
  if (delivered.has(notification.id)) return [];
  if (delivered.size >= deliveredMax) delivered.delete(delivered.values().next().value!);
  delivered.add(notification.id);
  return [{ do: "notify", notification }];
}

/** Codes from 4500 up mean that reconnecting is pointless. */
function closeWith<L>(code: number, reason: string): Act<L>[] {
  if (code >= 4500) return [{ do: "stay away", reason, statusCode: code }];
  const waitMilliseconds = code === 4429 ? comeBackMilliseconds : 0;
  const leaving = { reason, statusCode: code, waitMilliseconds, isTokenOver: code === 4401 };
  // Other relays take over from one that shuts down.
  return [{ do: "leave", leaving: code === 4410 ? { ...leaving, to: {} } : leaving }];
}

function actsOf<L>(session: Session<L>, { follower, to }: Following<L>, steps: Step[]): Act<L>[] {
  return steps.map((step) => {
    if (step.do === "send") return step;
    if (step.do === "show") return { ...step, to };
    if (step.do !== "end") return { do: "begin", continuation: step, to };
    session.followings.delete(follower.streamId);
    const { do: _, ...ending } = step;
    return { do: "end", ending, to };
  });
}
