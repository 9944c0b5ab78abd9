import { withQuery } from "./address.ts";
import { createClock } from "./clock.ts";
import { canInflate } from "./compact.ts";
import { connect } from "./connection.ts";
import { type Admission, byOverlayKey, byTicket, byToken, type OverlayKey } from "./credentials.ts";
import { OvationError } from "./error.ts";
import type { History, HistoryOptions } from "./history.ts";
import { createCaller } from "./http.ts";
import type { Event, Frame, Position } from "./message.ts";
import type { Notification } from "./operations.ts";
import type { PendingMessage, SendMessageOptions } from "./outbox.ts";
import type { SocketConstructor } from "./reconnecting-socket.ts";
import { type CallInput, type CallResult, type CodeOf, createCall, type Route } from "./route.ts";
import type { ClientConnection, ClientState, ConnectionState } from "./state.ts";
import { runCallback, type Subscription, type SubscriptionHandlers } from "./subscription.ts";
import type { Sums } from "./sums.ts";
import { createTaps, type Taps } from "./taps.ts";
import { createTokenCache, type Token, type Tokens } from "./token.ts";
import { createVoter, type PollRef } from "./vote.ts";
import { createWalletWatch, type Wallet, type WalletHandlers } from "./wallet.ts";

export type * from "./event-data.ts";
export type * from "./operations.ts";
export type {
  CallInput,
  CallResult,
  ClientConnection,
  ClientState,
  CodeOf,
  ConnectionState,
  Event,
  Frame,
  History,
  HistoryOptions,
  PendingMessage,
  Position,
  Route,
  SendMessageOptions,
  Subscription,
  SubscriptionHandlers,
  Sums,
  Taps,
  Token,
  Wallet,
  WalletHandlers,
};
export { OvationError };

/** The address of Ovation, and how to authenticate. */
export type Options = {
  /** The HTTP address, such as `https://live.example.com`. */
  url: string;
  /** The WebSocket address; default: `/ws` on the same host. */
  socketUrl?: string;
  /** A JWT, or a function that returns one. Without a token only public calls succeed. */
  token?: Token | undefined;
  /**
   * Opens sockets instead of the token. A ticket (`POST /api/v1/ws-tickets`) opens one socket
   * within 60 s, so this is usually a function that fetches one.
   */
  ticket?: Token | undefined;
  /** Opens sockets that can only read the frames of one stream or channel. */
  overlayKey?: OverlayKey | undefined;
  /** Request compact frames where they are supported: fewer bytes for a little more work. */
  compact?: boolean;
  /** A WebSocket implementation, for platforms without one. */
  WebSocket?: SocketConstructor;
  /**
   * Time without a frame after which the client asks for the newest one, to detect losses; default
   * 15,000, longer in large rooms. A socket that stays silent for 10 s more is considered dead.
   */
  pingMilliseconds?: number;
  fetch?: typeof fetch;
  onNotification?: (notification: Notification) => void;
  /**
   * With a channel's overlay key: called with the host's newest live stream, at first and whenever
   * it changes; null: the host is not live. Close the previous subscription, then subscribe to this
   * stream.
   */
  onChannel?: (streamId: string | null) => void;
  /**
   * `online`: a socket is open. `offline`: it has closed; `ended`: no other will open; both with
   * the reason as a sentence, and the server's code if it gave one.
   */
  onState?: (state: ClientState, reason?: string, statusCode?: number) => void;
  /**
   * Receives errors thrown by your callbacks or `token()`, and the expiry of a string token.
   * Default: rethrows them as uncaught errors.
   */
  onError?: (error: unknown) => void;
};

/** Rethrows the error asynchronously, so that the current work continues. */
const throwLater = (error: unknown) => {
  setTimeout(() => {
    throw error;
  });
};

/**
 * One viewer's connection to Ovation: any number of streams on one socket that reconnects
 * automatically. Each subscription delivers every event exactly once and in order, and each call
 * takes effect once, however often it is retried. Throws if there is no WebSocket implementation
 * (Node before 22), or no token, ticket or overlay key.
 */
export function createClient(options: Options) {
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as SocketConstructor);
  if (WebSocket === undefined) throw new TypeError("No WebSocket found: pass one in the options");
  const clock = createClock();
  const tokens = createTokenCache(options.token ?? "", clock.now);
  const report = (error: unknown) => runCallback(throwLater, options.onError ?? throwLater, error);
  const send = createCaller(options.url.replace(/\/$/, ""), tokens, options.fetch);
  const call = createCall(async (method, path, ...more) => {
    try {
      return await send<never>(method, path, ...more);
    } finally {
      if (method.toUpperCase() === "POST") wallet.note(path);
    }
  });
  const vote = createVoter(call, clock.now);
  const wallet = createWalletWatch(
    () => call("GET /api/v1/wallet"),
    (callback, value) => runCallback(report, callback, value),
    report,
  );
  const connection = connect({
    ...options,
    socketUrl: socketUrlOf(options),
    admission: admissionOf(options, tokens),
    call,
    WebSocket,
    report,
    userId: tokens.userId,
    noteTime: clock.note,
    onState(...given) {
      if (given[0] === "online") void wallet.refresh();
      options.onState?.(...given);
    },
  });
  return {
    /**
     * Follows a live stream from now, or from a position: each event once and in order.
     * Subscriptions to the same stream share its frames. Throws without a stream id.
     */
    subscribe: (
      streamId: string,
      handlers?: SubscriptionHandlers & { since?: Position },
    ): Subscription =>
      // Ids are case-insensitive, and the server writes them in lower case.
      connection.subscribe(checkId(streamId).toLowerCase(), handlers),
    /** Sends a chat message. Repeating the call with the same `key` sends it only once. */
    sendMessage: async (streamId: string, content: string, key?: string) =>
      call("POST /api/v1/live-stream/{streamId}/chat/messages", {
        path: { streamId: checkId(streamId) },
        body: { content },
        key,
      }),
    /**
     * Sends a gift, once per key; `count` sends several. `expectedPrice` is the total in credits
     * that the user was shown: if the price has changed, the gift is refused (409) and costs
     * nothing.
     */
    sendGift: (
      liveStreamId: string,
      giftTypeId: string,
      key?: string,
      { count: quantity = 1, ...options }: { expectedPrice?: number; count?: number } = {},
    ) => {
      const body = { giftTypeId, liveStreamId, ...options, ...(quantity !== 1 && { quantity }) };
      return call("POST /api/v1/gifts/create", { body, key });
    },
    sendSuperlike: async (streamId: string, key?: string) =>
      call("POST /api/v1/live-stream/{streamId}/chat/superlike", {
        path: { streamId: checkId(streamId) },
        key,
      }),
    /** Likes a stream: counts taps, and sends them to the server in batches. */
    taps: (streamId: string): Taps => createTaps(checkId(streamId), call),
    /**
     * Votes for options of a poll, by index. The vote is sent at a random moment within the poll's
     * `spreadSeconds` and before `endsAt`, so that a large room does not vote in one second; show
     * it immediately. A later vote replaces one that is not sent yet.
     */
    vote: (poll: PollRef, ...options: number[]) => vote(poll, options),
    /**
     * Reports the user's credits: immediately, after each call of this client that changes them,
     * and after reconnecting.
     */
    watchWallet: wallet.watch,
    /**
     * The user id in the token; undefined if it cannot be read. Rejects with the error of
     * `token()`.
     */
    userId: async () => tokens.get().then(tokens.userId),
    /**
     * Any call of the HTTP API: `call("POST /api/v1/follow/{userId}", { path: { userId } })`, typed
     * by its route, or `call(method, path, body, key, signal)` for routes this client does not
     * know. After an abort the call rejects with the signal's reason, and may have taken effect.
     */
    call,
    /** The current `state`, and `onChange` to listen for changes. */
    connection: connection.view,
    /** Ends all subscriptions and closes the socket. Calls in flight continue. */
    close: connection.close,
  };
}

export type Client = ReturnType<typeof createClient>;

/** A missing id is a caller's mistake: throws, and sends nothing. */
function checkId(streamId: string): string {
  if (!streamId) throw new TypeError("streamId: expected the id of a live stream");
  return streamId;
}

function admissionOf({ token, ticket, overlayKey }: Options, tokens: Tokens): Admission {
  if (overlayKey !== undefined) return byOverlayKey(overlayKey);
  if (ticket !== undefined) return byTicket(ticket);
  if (!token) throw new TypeError("token: expected a token, a ticket or an overlayKey");
  return byToken(tokens);
}

function socketUrlOf({ url, socketUrl, compact }: Options): string {
  const address = socketUrl ?? url.replace(/^http(.*?)\/?$/, "ws$1/ws");
  // Otherwise each call would fail as if it had got no response.
  if (address === url) throw new TypeError("url: expected http:// or https://");
  // Only validates: React Native's URL would append a slash to the address.
  new URL(address);
  return withQuery(address, compact && canInflate() ? { frame: "compact" } : {});
}
