import {
  createFollower,
  type Event,
  type Follower,
  type Frame,
  type Message,
  type Position,
  type Step,
} from "./follower.ts";
import { createCaller } from "./http.ts";
import { keepSocket, type SocketConstructor, type Token } from "./socket.ts";
import { createSubscription, type Hearing, type Subscription, tell } from "./subscription.ts";

export type { EventData } from "./event-data.ts";
export { OvationError } from "./http.ts";
export type { Event, Frame, Hearing, Position, Subscription };

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
   * 15,000, and longer in large rooms.
   */
  pingMilliseconds?: number;
  fetch?: typeof fetch;
  onNotification?: (notification: Record<string, unknown>) => void;
  /** `online` when a socket is open, `offline` when it is gone, `ended` when none will come. */
  onState?: (state: "online" | "offline" | "ended") => void;
  /** Hears what a callback of yours threw; default: it is thrown again, as any uncaught error. */
  onError?: (error: unknown) => void;
};

/** Throws outside of what is going on, which goes on. */
const throwLater = (error: unknown) => {
  setTimeout(() => {
    throw error;
  });
};

/**
 * After so long without a frame of a stream the server is asked for the newest one. While frames
 * come the next number shows what is missing, so a busy room needs no questions.
 */
const pingMillisecondsDefault = 15_000;
/**
 * In a room of many the questions would take the server's posts: each viewer adds a millisecond,
 * so that a room asks a thousand times a second at most.
 */
const pingMillisecondsPerViewer = 1;
const tickMilliseconds = 1_000;

/** Ids of notifications that were told, so that one that comes twice is told once. */
const toldMax = 1_000;

/**
 * One viewer's connection to Ovation: any number of streams on one socket that opens itself again,
 * each event of a subscription exactly once and in order, and calls that happen once however often
 * they are sent. Throws where there is no WebSocket (Node before 22) and none is given.
 */
export function createClient(options: Options) {
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as unknown as SocketConstructor);
  if (WebSocket === undefined) throw new TypeError("No WebSocket here: give one in the options");
  const report = options.onError ?? throwLater;
  const followers = new Map<string, Following>();
  const told = new Set<string>();
  const call = createCaller(options.url.replace(/\/$/, ""), options.token, options.fetch);
  const socket = keepSocket({
    url: socketUrlOf(options),
    token: options.token,
    WebSocket,
    onOpen() {
      tell(report, options.onState, "online");
      for (const one of followers.values()) act(one, one.follower.open(Date.now()));
    },
    onMessage: take,
    onClose() {
      tell(report, options.onState, "offline");
      for (const { follower } of followers.values()) follower.close();
    },
    onEnd() {
      clearInterval(ticking);
      for (const { subscription } of followers.values()) subscription.end("closed");
      followers.clear();
      tell(report, options.onState, "ended");
    },
  });
  const ticking = setInterval(() => {
    const now = Date.now();
    for (const one of followers.values()) act(one, one.follower.tick(now));
    if (![...followers.values()].some(({ askAt }) => askAt <= now)) return;
    for (const one of followers.values()) listen(one);
    socket.send({ action: "ping" });
  }, tickMilliseconds);

  type Following = {
    follower: Follower;
    subscription: Subscription;
    /** As many as the last frame said. */
    viewers: number;
    /** When the newest frame is asked for, unless one comes. */
    askAt: number;
  };

  /** Waits for the stream's next frame, not all viewers of a room for equally long. */
  function listen(following: Following): void {
    const least = options.pingMilliseconds ?? pingMillisecondsDefault;
    const patience = Math.max(least, following.viewers * pingMillisecondsPerViewer);
    following.askAt = Date.now() + patience * (0.8 + Math.random() * 0.4);
  }

  function take(message: { type: string }): void {
    if (message.type === "notification") notify(message as never);
    else
      for (const one of followers.values()) {
        const { type, streamId, viewers } = message as Frame;
        if (type === "events" && streamId === one.follower.streamId)
          listen(Object.assign(one, { viewers }));
        act(one, one.follower.take(message as Message, Date.now()));
      }
  }

  function notify({ data }: { data: { id: string } }): void {
    if (told.has(data.id)) return;
    if (told.size >= toldMax) told.clear();
    told.add(data.id);
    tell(report, options.onNotification, data);
  }

  function act({ follower, subscription }: Following, steps: Step[]): void {
    for (const step of steps) {
      if (step.do === "send") socket.send(step.message);
      else if (step.do === "show") subscription.show(step.frame);
      else if (step.do === "end") {
        followers.delete(follower.streamId);
        subscription.end(step.reason, step.statusCode);
      } else subscription.begin(step.do === "reset", step.position, step.viewers);
    }
  }

  return {
    /**
     * Follows a live stream from now on, or from a position: each event once and in order. Another
     * subscription to the same stream takes the place of the first. Throws without a stream id.
     */
    subscribe(given: string, hearing: Hearing & { since?: Position } = {}): Subscription {
      // Ids are the same in either case, and the server says them in lower case.
      const streamId = checkId(given).toLowerCase();
      followers.get(streamId)?.subscription.end("replaced");
      const follower = createFollower(streamId, hearing.since);
      const subscription = createSubscription(streamId, hearing, {
        report,
        position: () => follower.position(),
        close() {
          followers.delete(streamId);
          socket.send({ action: "unsubscribe", streamId });
        },
      });
      const following = { follower, subscription, viewers: 0, askAt: 0 };
      listen(following);
      followers.set(streamId, following);
      act(following, follower.open(Date.now()));
      return subscription;
    },
    /** Says something in a stream's chat. With a key of your own, a repetition is the same call. */
    sendMessage: async (streamId: string, content: string, key?: string) =>
      call<{ _id: string }>("POST", `${chatOf(streamId)}/messages`, { content }, key),
    sendGift: (liveStreamId: string, giftTypeId: string, key?: string) =>
      call<{ id: string }>("POST", "/api/v1/gifts/create", { giftTypeId, liveStreamId }, key),
    sendSuperlike: async (streamId: string, key?: string) =>
      call<{ price: number }>("POST", `${chatOf(streamId)}/superlike`, undefined, key),
    /** Any other call of the HTTP API, such as `call("GET", "/api/v1/wallet")`. */
    call,
    close: () => socket.close(),
  };
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
  const base = new URL(socketUrl ?? `${url.replace(/^http/, "ws").replace(/\/$/, "")}/ws`);
  if (compact) base.searchParams.set("frame", "compact");
  return base.href;
}
