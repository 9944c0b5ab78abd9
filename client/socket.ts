import { readMessage } from "./compact.ts";
import type { Tokens } from "./token.ts";

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
  tokens: Tokens;
  WebSocket: SocketConstructor;
  /** Called when a socket is open; what was asked on the one before is void. */
  onOpen(): void;
  onMessage(message: { type: string; [field: string]: unknown }): void;
  /** A socket is gone, or could not be opened: another is tried. */
  onClose(): void;
  /** None will come any more. */
  onEnd(reason: string, statusCode?: number): void;
  /** Hears why no socket could be opened. */
  report(error: unknown): void;
};

/** Why a socket is left before it has closed, and how the next one is to come. */
export type Leaving = { waitMilliseconds?: number; isTokenOver?: boolean };

/** One try, from its token to its end. */
type Link = {
  token?: string;
  socket?: SocketLike;
  openedAt?: number;
  /** A compressed message takes a moment: those behind it wait, so that the order holds. */
  last: Promise<void>;
};

/** Waits between tries to connect: full jitter up to a bound that doubles from one to the next. */
const firstWaitMilliseconds = 500;
const waitMillisecondsMax = 30_000;
/** A socket that has lived so long was no failed try. */
const stableMilliseconds = 10_000;
/** A token and a handshake that take longer are lost. */
const openMillisecondsMax = 15_000;
const open = 1;

/**
 * Keeps one socket open: opens another with jittered back-off whenever one is gone, until it is
 * closed, told to stay away, or has no token any more. At most one try or socket counts; what comes
 * from an earlier one is not heard.
 */
export function keepSocket(settings: Settings) {
  let link: Link | undefined;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  async function connect(): Promise<void> {
    const own: Link = { last: Promise.resolve() };
    link = own;
    timer = setTimeout(() => giveUp(own), openMillisecondsMax);
    try {
      own.token = await settings.tokens.get();
      if (link !== own) return;
      own.socket = new settings.WebSocket(settings.url, ["bearer", own.token]);
    } catch (error) {
      if (link !== own) return;
      settings.report(error);
      return leave(own);
    }
    const { socket } = own;
    socket.onopen = () => {
      if (link !== own) return;
      clearTimeout(timer);
      own.openedAt = performance.now();
      settings.onOpen();
    };
    socket.onmessage = ({ data }) => {
      own.last = own.last.then(() => hear(own, String(data))).catch(() => leave(own));
    };
    socket.onerror = () => {};
    socket.onclose = () => leave(own);
  }

  async function hear(own: Link, text: string): Promise<void> {
    const message = await readMessage(text);
    if (link === own) settings.onMessage(message as { type: string });
  }

  function giveUp(own: Link): void {
    if (own.token === undefined)
      settings.report(new Error(`token() gave nothing within ${openMillisecondsMax / 1000} s`));
    leave(own);
  }

  function leave(own: Link | undefined, { waitMilliseconds = 0, isTokenOver }: Leaving = {}): void {
    if (own === undefined || link !== own) return;
    link = undefined;
    clearTimeout(timer);
    own.socket?.close();
    const livedMilliseconds = own.openedAt === undefined ? 0 : performance.now() - own.openedAt;
    settings.onClose();
    if (ended) return;
    // A browser does not say why a handshake failed: the token may be the reason.
    if (own.openedAt === undefined || isTokenOver) {
      const isRenewable = settings.tokens.renew();
      if ((isTokenOver && !isRenewable) || settings.tokens.isOver()) {
        end("The token has expired", 401);
        return;
      }
    }
    tries = livedMilliseconds > stableMilliseconds ? 0 : tries + 1;
    const doubled = firstWaitMilliseconds * 2 ** Math.max(0, tries - 1);
    const longest = Math.min(waitMillisecondsMax, doubled);
    timer = setTimeout(connect, waitMilliseconds + Math.random() * longest);
  }

  function end(reason: string, statusCode?: number): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    const last = link;
    link = undefined;
    last?.socket?.close();
    settings.onEnd(reason, statusCode);
  }

  void connect();
  return {
    /** Sends if there is an open socket; what is lost is asked again by who needs it. */
    send(message: unknown): void {
      if (link?.socket?.readyState === open) link.socket.send(JSON.stringify(message));
    },
    /** Opens another socket in place of this one. */
    leave: (leaving: Leaving) => leave(link, leaving),
    end,
  };
}
