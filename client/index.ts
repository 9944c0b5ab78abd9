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
  /** How often the newest frames are asked for, so that a loss is seen; default 15,000. */
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

/** How often the server is asked for its newest frames: a loss shows within one of these. */
const pingMillisecondsDefault = 15_000;
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
  const followers = new Map<string, { follower: Follower; subscription: Subscription }>();
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
      clearInterval(pinging);
      for (const { subscription } of followers.values()) subscription.end("closed");
      followers.clear();
      tell(report, options.onState, "ended");
    },
  });
  const ticking = setInterval(() => {
    for (const one of followers.values()) act(one, one.follower.tick(Date.now()));
  }, tickMilliseconds);
  const pinging = setInterval(() => {
    if (followers.size > 0) socket.send({ action: "ping" });
  }, options.pingMilliseconds ?? pingMillisecondsDefault);

  type Following = { follower: Follower; subscription: Subscription };

  function take(message: { type: string }): void {
    if (message.type === "notification") notify(message as never);
    else
      for (const one of followers.values())
        act(one, one.follower.take(message as Message, Date.now()));
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
     * subscription to the same stream takes the place of the first.
     */
    subscribe(given: string, hearing: Hearing & { since?: Position } = {}): Subscription {
      // Ids are the same in either case, and the server says them in lower case.
      const streamId = given.toLowerCase();
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
      const following = { follower, subscription };
      followers.set(streamId, following);
      act(following, follower.open(Date.now()));
      return subscription;
    },
    /** Says something in a stream's chat. With a key of your own, a repetition is the same call. */
    sendMessage: (streamId: string, content: string, key?: string) =>
      call<{ _id: string }>(
        "POST",
        `/api/v1/live-stream/${streamId}/chat/messages`,
        { content },
        key,
      ),
    sendGift: (liveStreamId: string, giftTypeId: string, key?: string) =>
      call<{ id: string }>("POST", "/api/v1/gifts/create", { giftTypeId, liveStreamId }, key),
    sendSuperlike: (streamId: string, key?: string) =>
      call<{ price: number }>(
        "POST",
        `/api/v1/live-stream/${streamId}/chat/superlike`,
        undefined,
        key,
      ),
    /** Any other call of the HTTP API, such as `call("GET", "/api/v1/wallet")`. */
    call,
    close: () => socket.close(),
  };
}

export type Client = ReturnType<typeof createClient>;

function socketUrlOf({ url, socketUrl, compact }: Options): string {
  const base = new URL(socketUrl ?? `${url.replace(/^http/, "ws").replace(/\/$/, "")}/ws`);
  if (compact) base.searchParams.set("frame", "compact");
  return base.href;
}
