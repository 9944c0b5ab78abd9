import { OvationError } from "./error.ts";
import { createFollower, type Event, type Frame, type Position } from "./follower.ts";
import { createCaller } from "./http.ts";
import * as sessions from "./session.ts";
import { keepSocket, type SocketConstructor } from "./socket.ts";
import { createSubscription, type Hearing, type Subscription, tell } from "./subscription.ts";
import { keepToken, type Token, type Tokens } from "./token.ts";

export type { EventData } from "./event-data.ts";
export type { Event, Frame, Hearing, Position, Subscription };
export { OvationError };

/** Where Ovation is, and who comes. */
export type Options = {
  /** The HTTP address, such as `https://live.example.com`. */
  url: string;
  /** The WebSocket address; default: `/ws` of the same host. */
  socketUrl?: string;
  token: Token;
  /** Ask for dense frames: fewer bytes for a little work. */
  compact?: boolean;
  /** A WebSocket for places that have none of their own. */
  WebSocket?: SocketConstructor;
  /**
   * After how long without a frame the newest one is asked for, so that a loss is seen; default
   * 15,000, and longer in large rooms. A socket on which nothing comes for 10 s more is dead.
   */
  pingMilliseconds?: number;
  fetch?: typeof fetch;
  onNotification?: (notification: Record<string, unknown>) => void;
  /** `online` when a socket is open, `offline` when it is gone, `ended` when none will come. */
  onState?: (state: "online" | "offline" | "ended") => void;
  /**
   * Hears what a callback of yours or `token()` threw, and that a token has expired for good;
   * default: it is thrown again, as any uncaught error.
   */
  onError?: (error: unknown) => void;
};

/** Throws outside of what is going on, which goes on. */
const throwLater = (error: unknown) => {
  setTimeout(() => {
    throw error;
  });
};

const tickMilliseconds = 1_000;

/**
 * One viewer's connection to Ovation: any number of streams on one socket that opens itself again,
 * each event of a subscription exactly once and in order, and calls that happen once however often
 * they are sent. Throws where there is no WebSocket (Node before 22) and none is given.
 */
export function createClient(options: Options) {
  const tokens = keepToken(options.token);
  const { subscribe, close } = connect(options, tokens);
  const call = createCaller(options.url.replace(/\/$/, ""), tokens, options.fetch);
  return {
    /**
     * Follows a live stream from now on, or from a position: each event once and in order. Another
     * subscription to the same stream takes the place of the first. Throws without a stream id.
     */
    subscribe,
    /** Says something in a stream's chat. With a key of your own, a repetition is the same call. */
    sendMessage: async (streamId: string, content: string, key?: string) =>
      call<{ _id: string }>("POST", `${chatOf(streamId)}/messages`, { content }, key),
    /**
     * Gives, once for each key. With `expectedPrice`, the credits that were shown, a gift that costs
     * something else by now is refused (409) and costs nothing.
     */
    sendGift: (
      liveStreamId: string,
      giftTypeId: string,
      key?: string,
      { expectedPrice }: { expectedPrice?: number } = {},
    ) => {
      const gift = {
        giftTypeId,
        liveStreamId,
        ...(expectedPrice !== undefined && { expectedPrice }),
      };
      return call<{ id: string }>("POST", "/api/v1/gifts/create", gift, key);
    },
    sendSuperlike: async (streamId: string, key?: string) =>
      call<{ price: number }>("POST", `${chatOf(streamId)}/superlike`, undefined, key),
    /** Any other call of the HTTP API, such as `call("GET", "/api/v1/wallet")`. */
    call,
    /** Ends all subscriptions and the socket. Calls that are on their way go on. */
    close,
  };
}

/** The loop around a session: hands it messages and time, and does what it asks for. */
function connect(options: Options, tokens: Tokens) {
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor);
  if (WebSocket === undefined) throw new TypeError("No WebSocket here: give one in the options");
  const report = (error: unknown) => tell(throwLater, options.onError ?? throwLater, error);
  const session = sessions.createSession<Subscription>(options.pingMilliseconds);
  let state: "online" | "offline" | "ended" | undefined;
  let over: { reason: string; statusCode?: number | undefined } | undefined;

  function enter(next: "online" | "offline" | "ended"): void {
    if (state === next) return;
    state = next;
    tell(report, options.onState, next);
  }

  const socket = keepSocket({
    url: socketUrlOf(options),
    tokens,
    WebSocket,
    report,
    onOpen() {
      enter("online");
      perform(sessions.open(session, performance.now()));
    },
    onMessage: (message) => perform(sessions.take(session, message as never, performance.now())),
    onClose() {
      sessions.close(session);
      enter("offline");
    },
    onEnd(reason, statusCode) {
      over = { reason: reason === "closed" ? "The client is closed" : reason, statusCode };
      clearInterval(ticking);
      sessions.close(session);
      if (statusCode === 401) report(new OvationError(401, [reason]));
      const listeners = [...session.followings.values()].map(({ to }) => to);
      session.followings.clear();
      for (const subscription of listeners) subscription.end(reason, statusCode);
      enter("ended");
    },
  });
  const ticking = setInterval(
    () => perform(sessions.tick(session, performance.now())),
    tickMilliseconds,
  );

  const perform = (acts: sessions.Act<Subscription>[]) =>
    performAll(acts, socket, (notification) => tell(report, options.onNotification, notification));

  return {
    subscribe(given: string, hearing: Hearing & { since?: Position } = {}): Subscription {
      // Ids are the same in either case, and the server says them in lower case.
      const streamId = checkId(given).toLowerCase();
      session.followings.get(streamId)?.to.end("replaced");
      const follower = createFollower(streamId, hearing.since);
      const { position } = follower;
      const close = () => perform(sessions.unfollow(session, streamId));
      const subscription = createSubscription(streamId, hearing, { report, position, close });
      const { reason, statusCode } = over ?? {};
      if (reason === undefined)
        perform(sessions.follow(session, follower, subscription, performance.now()));
      // Once it is in the caller's hands.
      else void Promise.resolve().then(() => subscription.end(reason, statusCode));
      return subscription;
    },
    close: () => socket.end("closed"),
  };
}

/** Does what a session asks for. A callback on the way may end what the rest is about. */
function performAll(
  acts: sessions.Act<Subscription>[],
  socket: ReturnType<typeof keepSocket>,
  onNotification: (notification: Record<string, unknown>) => void,
): void {
  for (const act of acts) {
    if (act.do === "send") socket.send(act.message);
    else if (act.do === "notify") onNotification(act.notification);
    else if (act.do === "leave") socket.leave(act.leaving);
    else if (act.do === "stay away") socket.end(act.reason, act.statusCode);
    else if (act.do === "show") act.to.show(act.frame);
    else if (act.do === "end") act.to.end(act.reason, act.statusCode);
    else act.to.begin(act.isReset, act.position, act.viewers);
  }
}

export type Client = ReturnType<typeof createClient>;

/** An id that is missing is a mistake of the caller's: nothing is sent. */
function checkId(streamId: string): string {
  if (!streamId) throw new TypeError("streamId: expected the id of a live stream");
  return streamId;
}

const chatOf = (streamId: string) =>
  `/api/v1/live-stream/${encodeURIComponent(checkId(streamId))}/chat`;

function socketUrlOf({ url, socketUrl, compact }: Options): string {
  const { href } = new URL(socketUrl ?? `${url.replace(/^http/, "ws").replace(/\/$/, "")}/ws`);
  // Not every engine's URL can be written to.
  return compact ? `${href}${href.includes("?") ? "&" : "?"}frame=compact` : href;
}
