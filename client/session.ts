import type { Follower, Wanted } from "./follower.ts";
import type { Frame, Message, Position, ServerMessage } from "./message.ts";
import type { Leaving } from "./socket.ts";
import type { Step } from "./step.ts";

/** What a session asks of its owner; `to` is the listener that follows the stream. */
export type Act<Listener> =
  | { do: "send"; message: object }
  | { do: "notify"; notification: Record<string, unknown> }
  /** The socket is dead or the server wants another one. */
  | { do: "leave"; leaving: Leaving }
  | { do: "stay away"; reason: string; statusCode: number }
  | { do: "show"; frame: Frame; to: Listener }
  | { do: "begin"; beginning: Beginning; to: Listener }
  | { do: "end"; ending: Ending; to: Listener };

/** How a stream continues after a `subscribe` was answered. */
export type Beginning = Exclude<Step, { do: "send" } | { do: "show" } | { do: "end" }>;

/** Why a stream is over: a sentence, and the API's status and the refusal's name if it has them. */
export type Ending = { reason: string; statusCode?: number | undefined; code?: string | undefined };

type Following<Listener> = {
  follower: Follower;
  to: Listener;
  /** As many as the server said last. */
  viewers: number;
  /** When the newest frame is asked for, unless one comes. */
  askAt: number;
};

/** All that a connection knows, over however many sockets. Its clock is never set back. */
export type Session<Listener> = {
  pingMilliseconds: number;
  followings: Map<string, Following<Listener>>;
  /** Ids of notifications that were delivered, so that one that comes twice is delivered once. */
  told: Set<string>;
  isOpen: boolean;
  /** When the newest message came, whatever it was. */
  heardAt: number;
  /** When the first `ping` went out since then. */
  pingedAt: number | undefined;
};

const tokenIsOver = "The token has expired";

/**
 * After this long without a frame of a stream the server is asked for the newest one. While frames
 * come, the next number shows what is missing, so a busy room needs no questions.
 */
export const pingMillisecondsDefault = 15_000;
/** Of that time, when the first viewers of a room ask; the last ask as long after it as before. */
const firstShare = 0.8;
/**
 * In a large room the questions would take up the server's posts: each viewer adds a millisecond
 * over which they are spread, so that a room asks a thousand times a second at most, also when all
 * of them have waited since the same frame.
 */
const pingMillisecondsPerViewer = 1;

/**
 * How long a viewer waits for a stream's next frame before asking, in milliseconds: not all of a
 * room equally long. `chance` lies between 0 and 1.
 */
export function silenceLimitOf(viewers: number, pingMilliseconds: number, chance: number): number {
  const spread = viewers * pingMillisecondsPerViewer;
  const first = Math.max(firstShare * pingMilliseconds, spread / 2);
  return first + chance * Math.max(2 * (1 - firstShare) * pingMilliseconds, spread);
}
/** A socket on which nothing at all comes for this long after a `ping` is dead. */
const pongMilliseconds = 10_000;
/** This many subscribes without an answer, and nothing else heard, mean a dead socket too. */
const unansweredInSilenceMax = 2;
/**
 * A server that is alive but slow, because a room reconnects at once, gets more time: another
 * socket is more work for it. After this many, about a minute, this one will not be answered.
 */
const unansweredMax = 6;
const toldMax = 1_000;
const comeBackMilliseconds = 60_000;

/** A connection that follows nothing yet. */
export const createSession = <Listener>(
  pingMilliseconds = pingMillisecondsDefault,
): Session<Listener> => ({
  pingMilliseconds,
  followings: new Map(),
  told: new Set(),
  isOpen: false,
  heardAt: 0,
  pingedAt: undefined,
});

/**
 * What the URL of the next socket asks for: the first stream that is followed, which spares it a
 * message and the wait for the handshake before it.
 */
export function wantedFirst<L>(session: Session<L>): Wanted {
  const [first] = session.followings.values();
  return first?.follower.wanted() ?? {};
}

/** A socket is open: asks for everything again except what its URL asked for (`wanted`). */
export function open<L>(session: Session<L>, now: number, wanted: Wanted): Act<L>[] {
  Object.assign(session, { isOpen: true, heardAt: now, pingedAt: undefined });
  const followings = [...session.followings.values()];
  for (const one of followings) listen(session, one, now);
  const acts = followings.flatMap((one) => actsOf(session, one, one.follower.open(now, wanted)));
  // Its listener has left since the URL was made.
  const { streamId } = wanted;
  if (streamId !== undefined && !session.followings.has(streamId)) acts.push(unsubscribe(streamId));
  return acts;
}

/** The socket is gone. */
export function close<L>(session: Session<L>): void {
  session.isOpen = false;
  for (const { follower } of session.followings.values()) follower.close();
}

/** Follows a stream that nobody follows yet. */
export function follow<L>(session: Session<L>, follower: Follower, to: L, now: number): Act<L>[] {
  const following = { follower, to, viewers: 0, askAt: 0 };
  listen(session, following, now);
  session.followings.set(follower.streamId, following);
  return session.isOpen ? actsOf(session, following, follower.open(now)) : [];
}

/** A listener joins a stream that is followed, from a position before its own. */
export function goBack<L>(
  session: Session<L>,
  streamId: string,
  position: Position,
  now: number,
): Act<L>[] {
  const following = session.followings.get(streamId)!;
  const steps = following.follower.goBack(position, now);
  if (session.isOpen) return actsOf(session, following, steps);
  following.follower.close();
  return [];
}

export function unfollow<L>(session: Session<L>, streamId: string): Act<L>[] {
  session.followings.delete(streamId);
  return [unsubscribe(streamId)];
}

const unsubscribe = (streamId: string) => ({
  do: "send" as const,
  message: { action: "unsubscribe", streamId },
});

export function take<L>(session: Session<L>, message: ServerMessage, now: number): Act<L>[] {
  session.heardAt = now;
  session.pingedAt = undefined;
  if (message.type === "notification") return notify(session, message.data);
  if (message.type === "moved") {
    const { url, ticket } = message;
    return [{ do: "leave", leaving: { reason: "Served elsewhere", to: { url, ticket } } }];
  }
  if (message.type === "closing") return obey(message.code, message.reason);
  // The token of this socket is over, whether or not the server has said so before.
  if (message.type === "error" && message.statusCode === 401)
    return [{ do: "leave", leaving: { reason: tokenIsOver, statusCode: 401, isTokenOver: true } }];
  const acts: Act<L>[] = [];
  for (const one of [...session.followings.values()]) {
    const { streamId, viewers } = message as Frame;
    if (viewers !== undefined && streamId === one.follower.streamId)
      listen(session, Object.assign(one, { viewers }), now);
    acts.push(...actsOf(session, one, one.follower.take(message as Message, now)));
  }
  return acts;
}

/** Lets time pass: call it about once a second. */
export function tick<L>(session: Session<L>, now: number): Act<L>[] {
  if (!session.isOpen) return [];
  const followings = [...session.followings.values()];
  const { heardAt, pingedAt, pingMilliseconds } = session;
  const isSilent = pingedAt !== undefined && now - pingedAt >= pongMilliseconds;
  const acts = followings.flatMap((one) => actsOf(session, one, one.follower.tick(now)));
  const isUnanswered = followings.some(({ follower }) => {
    const { unanswered, since } = follower.waiting();
    return unanswered >= (heardAt > since ? unansweredMax : unansweredInSilenceMax);
  });
  if (isSilent || isUnanswered)
    return [{ do: "leave", leaving: { reason: "The server does not answer" } }];
  const isDue =
    followings.length === 0
      ? now - Math.max(heardAt, pingedAt ?? 0) >= pingMilliseconds
      : followings.some(({ askAt }) => askAt <= now);
  // Next to a repeated subscribe, a ping tells a dead socket from a server that is slow to greet.
  if (!isDue && acts.length === 0) return acts;
  if (isDue) for (const one of followings) listen(session, one, now);
  session.pingedAt ??= now;
  return [...acts, { do: "send", message: { action: "ping" } }];
}

/** Waits for the stream's next frame. */
function listen<L>({ pingMilliseconds }: Session<L>, one: Following<L>, now: number): void {
  one.askAt = now + silenceLimitOf(one.viewers, pingMilliseconds, Math.random());
}

function notify<L>({ told }: Session<L>, notification: { id: string }): Act<L>[] {
  if (told.has(notification.id)) return [];
  if (told.size >= toldMax) told.delete(told.values().next().value!);
  told.add(notification.id);
  return [{ do: "notify", notification }];
}

/** Codes of 4500 and above mean that reconnecting is of no use. */
function obey<L>(code: number, reason: string): Act<L>[] {
  if (code >= 4500) return [{ do: "stay away", reason, statusCode: code }];
  const waitMilliseconds = code === 4429 ? comeBackMilliseconds : 0;
  const leaving = { reason, statusCode: code, waitMilliseconds, isTokenOver: code === 4401 };
  // Others take over from a relay that ends.
  return [{ do: "leave", leaving: code === 4410 ? { ...leaving, to: {} } : leaving }];
}

function actsOf<L>(session: Session<L>, { follower, to }: Following<L>, steps: Step[]): Act<L>[] {
  return steps.map((step) => {
    if (step.do === "send") return step;
    if (step.do === "show") return { ...step, to };
    if (step.do !== "end") return { do: "begin", beginning: step, to };
    session.followings.delete(follower.streamId);
    const { do: _, ...ending } = step;
    return { do: "end", ending, to };
  });
}
