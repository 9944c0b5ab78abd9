import { type Admission, byOverlayKey, byTicket, byToken, type OverlayKey } from "./admission.ts";
import { canInflate } from "./compact.ts";
import { connect } from "./connection.ts";
import { OvationError } from "./error.ts";
import type { History, HistoryOptions } from "./history.ts";
import { createCaller } from "./http.ts";
import type { Event, Frame, Position } from "./message.ts";
import type { PendingMessage, SendMessageOptions } from "./outbox.ts";
import { type CallInput, type CallResult, type CodeOf, createCall, type Route } from "./route.ts";
import { type SocketConstructor, withQuery } from "./socket.ts";
import type { ClientConnection, ClientState, ConnectionState } from "./state.ts";
import { type Subscription, type SubscriptionHandlers, tell } from "./subscription.ts";
import type { Sums } from "./sums.ts";
import { createTaps, type Taps } from "./taps.ts";
import { keepToken, type Token, type Tokens } from "./token.ts";
import { castVote, type Votable } from "./vote.ts";
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

/** Where Ovation is, and who connects. */
export type Options = {
  /** The HTTP address, such as `https://live.example.com`. */
  url: string;
  /** The WebSocket address; default: `/ws` of the same host. */
  socketUrl?: string;
  /**
   * Who connects: a JWT, or a function that gives one. Without it only public calls are answered.
   */
  token?: Token | undefined;
  /**
   * Opens sockets in place of the token: a ticket (`POST /api/v1/ws-tickets`) is good for one
   * socket within 60 s, so this is mostly a function that fetches one.
   */
  ticket?: Token | undefined;
  /** Opens sockets that read the frames of one stream, or of one channel, and nothing else. */
  overlayKey?: OverlayKey | undefined;
  /** Ask for dense frames, where they can be read: fewer bytes for a little work. */
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
  /**
   * By the overlay key of a channel: the host's newest live stream, at first and whenever it is
   * another one; null: none is live. Subscribe to it and close the subscription before.
   */
  onChannel?: (streamId: string | null) => void;
  /**
   * `online` when a socket is open, `offline` when it is gone, `ended` when none will come; the
   * latter two with the reason in a sentence, and with the server's code if it gave one.
   */
  onState?: (state: ClientState, reason?: string, statusCode?: number) => void;
  /**
   * Hears what a callback of yours or `token()` threw, and that a token has expired for good;
   * default: it is thrown again, as any uncaught error.
   */
  onError?: (error: unknown) => void;
};

/** Throws outside the work in progress, which continues. */
const throwLater = (error: unknown) => {
  setTimeout(() => {
    throw error;
  });
};

/**
 * One viewer's connection to Ovation: any number of streams on one socket that opens itself again,
 * each event of a subscription exactly once and in order, and calls that happen once however often
 * they are sent. Throws where there is no WebSocket (Node before 22) and none is given, and without
 * a token, a ticket and an overlay key.
 */
export function createClient(options: Options) {
  const WebSocket = options.WebSocket ?? (globalThis.WebSocket as SocketConstructor);
  if (WebSocket === undefined) throw new TypeError("No WebSocket here: give one in the options");
  const tokens = keepToken(options.token ?? "");
  const report = (error: unknown) => tell(throwLater, options.onError ?? throwLater, error);
  const send = createCaller(options.url.replace(/\/$/, ""), tokens, options.fetch);
  const call = createCall(async (method, path, ...more) => {
    try {
      return await send<never>(method, path, ...more);
    } finally {
      if (method.toUpperCase() === "POST") wallet.note(path);
    }
  });
  const wallet = createWalletWatch(
    () => call("GET /api/v1/wallet"),
    (callback, value) => tell(report, callback, value),
    report,
  );
  const connection = connect({
    ...options,
    socketUrl: socketUrlOf(options),
    admission: admissionOf(options, tokens),
    ...{ call, WebSocket, report, userId: tokens.userId },
    onState(...given) {
      if (given[0] === "online") void wallet.refresh();
      options.onState?.(...given);
    },
  });
  return {
    /**
     * Follows a live stream from now on, or from a position: each event once and in order. Any
     * number of them may follow one stream; they share what comes. Throws without a stream id.
     */
    subscribe: (
      streamId: string,
      handlers?: SubscriptionHandlers & { since?: Position },
    ): Subscription =>
      // Ids are the same in either case, and the server says them in lower case.
      connection.subscribe(checkId(streamId).toLowerCase(), handlers),
    /** Says something in a stream's chat. With a key of your own, a repetition is the same call. */
    sendMessage: async (streamId: string, content: string, key?: string) =>
      call("POST /api/v1/live-stream/{streamId}/chat/messages", {
        path: { streamId: checkId(streamId) },
        body: { content },
        key,
      }),
    /**
     * Gives, once for each key; with `count` as many of it. With `expectedPrice`, the credits that
     * were shown for all of them, a gift that costs something else by now is refused (409) and
     * costs nothing.
     */
    sendGift: (
      liveStreamId: string,
      giftTypeId: string,
      key?: string,
      options: { expectedPrice?: number; count?: number } = {},
    ) => call("POST /api/v1/gifts/create", { body: { giftTypeId, liveStreamId, ...options }, key }),
    sendSuperlike: async (streamId: string, key?: string) =>
      call("POST /api/v1/live-stream/{streamId}/chat/superlike", {
        path: { streamId: checkId(streamId) },
        key,
      }),
    /** Likes a stream: counts taps, and tells the server of them as often as that is of use. */
    taps: (streamId: string): Taps => createTaps(checkId(streamId), call),
    /**
     * Votes for options of a poll, by their places. The vote goes out at a random moment within the
     * poll's `spreadSeconds`, so that a large room does not vote in one second: show it at once.
     */
    vote: (poll: Votable, ...options: number[]) => castVote(poll, options, call),
    /**
     * Reports the user's own credits: now, after each call by this client that moves them, and when
     * it is online again.
     */
    watchWallet: wallet.watch,
    /**
     * Whose token it is; undefined where that cannot be read. Rejects with what `token()` threw.
     */
    userId: async () => tokens.get().then(tokens.userId),
    /**
     * Any call of the HTTP API: `call("POST /api/v1/follow/{userId}", { path: { userId } })`, typed
     * by its route, or `call(method, path, body, key, signal)` for what this client does not know.
     * A `signal` ends it: it rejects with the signal's reason, and may have happened.
     */
    call,
    /** Its `state`, to be read at any time, and `onChange`, which reports the next ones. */
    connection: connection.view,
    /** Ends all subscriptions and the socket. Calls that are on their way continue. */
    close: connection.close,
  };
}

export type Client = ReturnType<typeof createClient>;

/** A missing id is the caller's mistake: nothing is sent. */
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
  // Only to refuse what is no URL: React Native's own would end it with a slash.
  new URL(address);
  return withQuery(address, compact && canInflate() ? { frame: "compact" } : {});
}
