import type { Admission } from "./admission.ts";
import { readMessage } from "./compact.ts";
import type { Wanted } from "./follower.ts";
import type { ServerMessage } from "./message.ts";

/** The part of the standard WebSocket that is used: the browser's, Node's own or that of `ws`. */
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
  /** What the URL of the next socket is to ask for, if anything. */
  wanted(): Wanted;
  /**
   * Called when a socket is open; what was asked on the one before is void. `wanted` is what its
   * URL has asked for.
   */
  onOpen(wanted: Wanted): void;
  onMessage(message: ServerMessage): void;
  /** A socket is gone, or could not be opened: another is tried. */
  onClose(reason: string, statusCode?: number): void;
  /** None will come any more. */
  onEnd(reason: string, statusCode?: number): void;
  /** Hears why no socket could be opened. */
  report(error: unknown): void;
};

/** Why a socket is left before it has closed, and how the next one is to come. */
export type Leaving = {
  /** In a sentence, and with the server's code if it gave one. */
  reason: string;
  statusCode?: number;
  waitMilliseconds?: number;
  isTokenOver?: boolean;
  /** Where the next one is opened, at once; without a URL by the API's. */
  to?: Place;
};

/** Where a stream is served, and the ticket for it where a ticket had opened the socket before. */
type Place = {
  url?: string;
  ticket?: string | undefined;
  /** Whether the API is to serve it itself. */
  isApi?: true;
};

/** One try, from its token to its end. */
type Link = {
  isAdmitted?: boolean;
  /** What its URL asks for. */
  wanted: Wanted;
  socket?: SocketLike;
  openedAt?: number;
  /** A compressed message takes a moment: those behind it wait, so that the order holds. */
  last: Promise<void>;
};

/** Waits between tries to connect: full jitter up to a bound that doubles from one to the next. */
const firstWaitMilliseconds = 500;
const waitMillisecondsMax = 30_000;
/** A socket that has lived this long was not a failed try. */
const stableMilliseconds = 10_000;
/** A token and a handshake that take longer are lost. */
const openMillisecondsMax = 15_000;
const open = 1;
const unopened = "No connection could be opened";

type State = {
  readonly settings: Settings;
  /** The one try or socket that counts: what comes from an earlier one is not heard. */
  link: Link | undefined;
  tries: number;
  /** Where the next socket is opened. */
  place: Place;
  timer: ReturnType<typeof setTimeout> | undefined;
  ended: boolean;
};

/**
 * Keeps one socket open: opens another with jittered back-off whenever one is gone, until it is
 * closed, told to stay away, or has no token any more.
 */
export function keepSocket(settings: Settings) {
  const state: State = {
    settings,
    link: undefined,
    tries: 0,
    place: {},
    timer: undefined,
    ended: false,
  };
  void connect(state);
  return {
    /** Sends if there is an open socket; what is lost is asked for again where it is needed. */
    send(message: unknown): void {
      const socket = state.link?.socket;
      if (socket?.readyState === open) socket.send(JSON.stringify(message));
    },
    /** Opens another socket in place of this one. */
    leave: (leaving: Leaving) => state.link && leave(state, state.link, leaving),
    end: (reason: string, statusCode?: number) => end(state, reason, statusCode),
  };
}

async function connect(state: State): Promise<void> {
  const { settings } = state;
  const own: Link = { wanted: {}, last: Promise.resolve() };
  state.link = own;
  state.timer = setTimeout(() => giveUp(state, own), openMillisecondsMax);
  try {
    const { ticket } = state.place;
    const { query, protocols } = ticket ? { query: { ticket } } : await settings.admission.get();
    if (state.link !== own) return;
    own.isAdmitted = true;
    // What lets it in may be for one stream alone: then that is the one which its URL names.
    // A channel's socket is told what it is for.
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
    state.place = url ? { url } : {};
    settings.onOpen(own.wanted);
  };
  socket.onmessage = ({ data }) => {
    own.last = own.last
      .then(() => hear(state, own, String(data)))
      .catch(() => leave(state, own, { reason: "A message could not be read" }));
  };
  // Some engines end a program that does not listen for the error; the close that follows is
  // enough.
  socket.onerror = () => {};
  socket.onclose = () =>
    leave(state, own, {
      reason: own.openedAt === undefined ? unopened : "The connection was lost",
    });
}

/** The API's own address asks to be told where a stream is served; whatever else it asks stays. */
function addressOf(own: string, { url, isApi }: Place, wanted: Wanted): string {
  const query = own.split("?")[1];
  if (url === undefined) return withQuery(own, isApi ? wanted : { ...wanted, moves: 1 });
  return withQuery(query ? `${url}?${query}` : url, wanted);
}

/** A URL with more in its query. Not every engine's URL can be written to. */
export function withQuery(url: string, query: object): string {
  const pairs = Object.entries(query).map(
    ([name, value]) => `${name}=${encodeURIComponent(value)}`,
  );
  return pairs[0] ? `${url}${url.includes("?") ? "&" : "?"}${pairs.join("&")}` : url;
}

async function hear(state: State, own: Link, text: string): Promise<void> {
  const message = await readMessage(text);
  if (state.link === own) state.settings.onMessage(message);
}

function giveUp(state: State, own: Link): void {
  const { admission, report } = state.settings;
  const late = `${admission.name} gave nothing within ${openMillisecondsMax / 1000} s`;
  if (!own.isAdmitted) report(new Error(late));
  leave(state, own, { reason: own.isAdmitted ? unopened : late });
}

function leave(state: State, own: Link, leaving: Leaving): void {
  if (state.link !== own) return;
  const { reason, statusCode, waitMilliseconds = 0, isTokenOver, to } = leaving;
  const { admission, onClose } = state.settings;
  state.link = undefined;
  clearTimeout(state.timer);
  own.socket?.close();
  const livedMilliseconds = own.openedAt === undefined ? 0 : performance.now() - own.openedAt;
  onClose(reason, statusCode);
  if (state.ended) return;
  if (to !== undefined) state.place = to;
  // What could not be opened elsewhere is opened, and served, by the API.
  else if (own.openedAt === undefined && state.place.url) state.place = { isApi: true };
  // A browser does not say why a handshake failed: the token may be the reason.
  if (own.openedAt === undefined || isTokenOver) {
    const isRenewable = admission.renew();
    if ((isTokenOver && !isRenewable) || admission.isOver()) {
      end(state, admission.overReason, 401);
      return;
    }
  }
  state.tries = livedMilliseconds > stableMilliseconds ? 0 : state.tries + 1;
  const doubled = firstWaitMilliseconds * 2 ** Math.max(0, state.tries - 1);
  const longest = Math.min(waitMillisecondsMax, doubled);
  const jitter = to === undefined ? Math.random() * longest : 0;
  state.timer = setTimeout(() => connect(state), waitMilliseconds + jitter);
}

function end(state: State, reason: string, statusCode?: number): void {
  if (state.ended) return;
  state.ended = true;
  clearTimeout(state.timer);
  const last = state.link;
  state.link = undefined;
  last?.socket?.close();
  state.settings.onEnd(reason, statusCode);
}
