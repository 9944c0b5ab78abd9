import { addressOf, type ServerAddress } from "./address.ts";
import { readMessage } from "./compact.ts";
import type { Admission } from "./credentials.ts";
import type { Wanted } from "./follower.ts";
import type { ServerMessage } from "./message.ts";

/** The part of the WebSocket interface in use: of the browser's, Node's or that of `ws`. */
type SocketLike = {
  readyState: number;
  send(text: string): void;
  close(): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown } & never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
};
export type SocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

type Settings = {
  url: string;
  admission: Admission;
  WebSocket: SocketConstructor;
  /** What the URL of the next socket should request. */
  wanted(): Wanted;
  /**
   * Called when a socket has opened; requests on the previous one are void. `wanted` is what its
   * URL has requested.
   */
  onOpen(wanted: Wanted): void;
  onMessage(message: ServerMessage): void;
  /** Called when a socket has closed or could not open; another one will be tried. */
  onClose(reason: string, statusCode?: number): void;
  /** Called when no other socket will be opened. */
  onEnd(reason: string, statusCode?: number): void;
  /** Receives the errors that prevented a socket from being opened. */
  report(error: unknown): void;
};

/** Why a socket is abandoned before it closes, and how to open the next one. */
export type Replacement = {
  /** A sentence, and the server's code if it gave one. */
  reason: string;
  statusCode?: number;
  waitMilliseconds?: number;
  isTokenOver?: boolean;
  /** Where to open the next socket, at once; without a URL at the API's address. */
  to?: ServerAddress;
};

/** One connection attempt and its socket. */
type Link = {
  /** What its URL requests. */
  wanted: Wanted;
  socket?: SocketLike;
  openedAt?: number;
  /** Decompression is asynchronous: later messages wait for earlier ones, to keep the order. */
  last: Promise<void>;
};

/** Back-off between attempts: full jitter up to a limit that doubles each time. */
const firstWaitMilliseconds = 500;
const waitMillisecondsMax = 30_000;
/** Times in a row that a socket may send the client elsewhere without a back-off. */
const movesMax = 3;
/** Attempts at a relay that worked before. */
const relayTriesMax = 3;
/** A socket that lived this long resets the back-off. */
const stableMilliseconds = 10_000;
/** Timeout for a handshake. */
const openMillisecondsMax = 15_000;
const open = 1;
const unopened = "No connection could be opened";

type State = {
  readonly settings: Settings;
  /** The current attempt or socket; events of earlier ones are ignored. */
  link: Link | undefined;
  tries: number;
  /** Where the next socket is opened. */
  place: ServerAddress;
  /** When the server permits the next attempt, by `performance.now()`. */
  earliest: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  ended: boolean;
  /** Stops listening for the network. */
  unwatch(): void;
};

/**
 * Keeps one socket open: reconnects with jittered back-off after each loss, soon after the
 * browser's network has returned, until it is closed, told to stay away, or has no valid token.
 */
export function createReconnectingSocket(settings: Settings) {
  const state: State = {
    settings,
    link: undefined,
    tries: 0,
    place: {},
    earliest: 0,
    timer: undefined,
    ended: false,
    unwatch: watchNetwork(() => retry(state)),
  };
  void connect(state);
  return {
    /** Sends if a socket is open. Callers repeat requests that are lost. */
    send(message: unknown): void {
      const socket = state.link?.socket;
      if (socket?.readyState === open) socket.send(JSON.stringify(message));
    },
    /** Replaces this socket with another one. */
    leave: (leaving: Replacement) => state.link && leave(state, state.link, leaving),
    end: (reason: string, statusCode?: number) => end(state, reason, statusCode),
  };
}

async function connect(state: State): Promise<void> {
  const { settings } = state;
  const own: Link = { wanted: {}, last: Promise.resolve() };
  state.link = own;
  try {
    const { ticket } = state.place;
    const { query, protocols } = ticket ? { query: { ticket } } : await settings.admission.get();
    if (state.link !== own) return;
    state.timer = setTimeout(() => leave(state, own, { reason: unopened }), openMillisecondsMax);
    // Credentials may be valid for one stream only: the one that the URL names. A channel's socket
    // learns its stream from the server.
    own.wanted = query?.channel ? query : { ...settings.wanted(), ...query };
    own.socket = new settings.WebSocket(
      addressOf(settings.url, state.place, own.wanted),
      protocols,
    );
  } catch (error) {
    if (state.link !== own) return;
    settings.report(error);
    return leave(state, own, { reason: String((error as Error)?.message ?? error) });
  }
  const { socket } = own;
  socket.onopen = () => {
    if (state.link !== own) return;
    clearTimeout(state.timer);
    own.openedAt = performance.now();
    // A ticket opens one socket.
    const { url } = state.place;
    state.place = url ? { url, hasOpened: true } : {};
    settings.onOpen(own.wanted);
  };
  socket.onmessage = ({ data }) => {
    own.last = own.last
      .then(() => receive(state, own, String(data)))
      .catch(() => leave(state, own, { reason: "A message could not be read" }));
  };
  // Some engines crash on an unhandled error event; the close event that follows is enough.
  socket.onerror = () => {};
  socket.onclose = () =>
    leave(state, own, {
      reason: own.openedAt === undefined ? unopened : "The connection was lost",
    });
}

async function receive(state: State, own: Link, text: string): Promise<void> {
  const message = await readMessage(text);
  if (state.link === own) state.settings.onMessage(message);
}

function leave(state: State, own: Link, leaving: Replacement): void {
  if (state.link !== own) return;
  const { reason, statusCode, waitMilliseconds = 0, isTokenOver, to } = leaving;
  const { admission, onClose } = state.settings;
  state.link = undefined;
  clearTimeout(state.timer);
  own.socket?.close();
  const livedMilliseconds = own.openedAt === undefined ? 0 : performance.now() - own.openedAt;
  onClose(reason, statusCode);
  if (state.ended) return;
  state.tries = livedMilliseconds > stableMilliseconds ? 0 : state.tries + 1;
  if (to !== undefined) state.place = to;
  else if (own.openedAt === undefined && state.place.url) state.place = afterRefusal(state);
  // A browser does not say why a handshake failed: the token may be the reason.
  if (own.openedAt === undefined || isTokenOver) {
    const isRenewable = admission.renew();
    if ((isTokenOver && !isRenewable) || admission.isOver()) {
      end(state, admission.overReason, 401);
      return;
    }
  }
  const backoff = firstWaitMilliseconds * 2 ** Math.max(0, state.tries - 1);
  const longest = Math.min(waitMillisecondsMax, backoff);
  state.earliest = performance.now() + waitMilliseconds;
  schedule(state, to === undefined || state.tries > movesMax ? longest : 0);
}

/** Starts the next attempt when the server permits it, and up to `jitterMilliseconds` later. */
function schedule(state: State, jitterMilliseconds: number): void {
  const wait = Math.max(0, state.earliest - performance.now());
  state.timer = setTimeout(() => connect(state), wait + Math.random() * jitterMilliseconds);
}

/** Ends a pause between attempts; the back-off begins again. */
function retry(state: State): void {
  if (state.link !== undefined) return;
  clearTimeout(state.timer);
  state.tries = 0;
  schedule(state, firstWaitMilliseconds);
}

/** Reports each return of a browser's network; other engines have no such event. */
function watchNetwork(onBack: () => void): () => void {
  const engine = globalThis as Partial<EventTarget>;
  engine.addEventListener?.("online", onBack);
  return () => engine.removeEventListener?.("online", onBack);
}

/**
 * Where to go after a relay has not opened a socket. A load balancer sends new sockets to a dead
 * task for seconds, so a relay that worked is tried again. Then the API says where the stream is
 * served. It serves the stream itself if this client cannot reach the relay.
 */
function afterRefusal({ place, tries }: State): ServerAddress {
  if (!place.hasOpened) return { isApi: true };
  return tries < relayTriesMax ? place : {};
}

function end(state: State, reason: string, statusCode?: number): void {
  if (state.ended) return;
  state.ended = true;
  state.unwatch();
  clearTimeout(state.timer);
  const last = state.link;
  state.link = undefined;
  last?.socket?.close();
  state.settings.onEnd(reason, statusCode);
}
