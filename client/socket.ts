import { readMessage } from "./compact.ts";

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

/** A token, or what gives a fresh one whenever a socket is opened. */
export type Token = string | (() => string | Promise<string>);

type Settings = {
  url: string;
  token: Token;
  WebSocket: SocketConstructor;
  /** Called when a socket is open; what was asked on the one before is void. */
  onOpen(): void;
  onMessage(message: { type: string; [field: string]: unknown }): void;
  onClose(): void;
  /** The server has said that coming back is of no use. */
  onEnd(reason: string): void;
};

/** Waits between tries to connect: full jitter up to a bound that doubles from one to the next. */
const firstWaitMilliseconds = 500;
const waitMillisecondsMax = 30_000;
/** A socket that has lived so long was no failed try. */
const stableMilliseconds = 10_000;
const open = 1;

/**
 * Keeps one socket open: opens another with jittered back-off whenever one is gone, each time with
 * a fresh token, until it is closed or told not to come back (closing codes from 4500).
 */
export function keepSocket(settings: Settings) {
  let socket: SocketLike | undefined;
  let tries = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;

  async function connect(): Promise<void> {
    const { token, url, WebSocket, onOpen, onClose } = settings;
    let next: SocketLike;
    try {
      const given = typeof token === "function" ? await token() : token;
      if (ended) return;
      next = new WebSocket(url, ["bearer", given]);
    } catch {
      return again(0);
    }
    socket = next;
    let openedAt = 0;
    // A compressed message takes a moment: those behind it wait, so that the order holds.
    let last = Promise.resolve();
    next.onopen = () => {
      openedAt = Date.now();
      onOpen();
    };
    next.onmessage = ({ data }) => {
      const text = String(data);
      last = last.then(() => take(text)).catch(() => next.close());
    };
    next.onerror = () => {};
    next.onclose = () => {
      if (socket !== next) return;
      socket = undefined;
      onClose();
      again(openedAt === 0 ? 0 : Date.now() - openedAt);
    };

    async function take(text: string): Promise<void> {
      const message = (await readMessage(text)) as { type: string; code?: number };
      if (socket !== next) return;
      if (message.type === "closing" && (message.code ?? 0) >= 4500)
        return end(String(message.code));
      settings.onMessage(message);
    }
  }

  function again(livedMilliseconds: number): void {
    if (ended) return;
    tries = livedMilliseconds > stableMilliseconds ? 0 : tries + 1;
    const longest = Math.min(
      waitMillisecondsMax,
      firstWaitMilliseconds * 2 ** Math.max(0, tries - 1),
    );
    timer = setTimeout(connect, Math.random() * longest);
  }

  function end(reason: string): void {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    socket?.close();
    socket = undefined;
    settings.onEnd(reason);
  }

  void connect();
  return {
    /** Sends if there is an open socket; what is lost is asked again by who needs it. */
    send(message: unknown): void {
      if (socket?.readyState === open) socket.send(JSON.stringify(message));
    },
    close: () => end("closed"),
  };
}
