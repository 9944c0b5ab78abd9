import { answerMilliseconds, poll, type SubscribeRequest } from "./long-poll.ts";
import type { SocketConstructor } from "./reconnecting-socket.ts";

type Options = {
  /** The HTTP address, the same as the client's. */
  url: string;
  fetch?: typeof fetch | undefined;
  WebSocket?: SocketConstructor | undefined;
};

/** Consecutive failed handshakes before polling starts, and the timeout of one. */
const failuresMax = 2;
const handshakeMilliseconds = 5_000;
/**
 * Intervals after which a WebSocket is tried again: first soon, because a server that refuses
 * handshakes may only be busy, then because the network may have changed.
 */
const [firstPollMilliseconds, pollMilliseconds] = [30_000, 300_000];

/**
 * A WebSocket replacement for networks that block WebSockets: after two handshakes that failed
 * while the server answered over HTTP, it reads the same frames over HTTP (`GET …/events`), until a
 * socket can be opened again. Pass it to the client as its `WebSocket`, with a token:
 * `createClient({ url, token, WebSocket: pollingSocket({ url }) })`.
 */
export function pollingSocket(options: Options): SocketConstructor {
  const Native = options.WebSocket ?? (globalThis.WebSocket as SocketConstructor);
  let failures = 0;
  /** Periods of polling since a WebSocket was open. */
  let periods = 0;
  /** Counts a failed handshake, unless HTTP fails, too: then the network or server is down. */
  const noteFailure = async () => {
    if (await isReachable(options)) failures += 1;
  };

  return class {
    onopen: ((event: object) => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: object) => void) | null = null;
    onerror: ((event: object) => void) | null = null;
    readonly #inner: InstanceType<SocketConstructor>;

    constructor(url: string, protocols?: string[]) {
      const isPolling = failures >= failuresMax;
      // After a period of polling, a single failed handshake starts the next one.
      if (isPolling) failures = failuresMax - 1;
      const period = periods === 0 ? firstPollMilliseconds : pollMilliseconds;
      if (isPolling) periods += 1;
      const inner = isPolling
        ? createPolling(options, url, protocols?.[1] ?? "", period)
        : new Native(url, protocols);
      this.#inner = inner;
      let isOpening = !isPolling;
      // A handshake that times out counts as failed, too: some proxies swallow it.
      const timer = isOpening ? setTimeout(() => inner.close(), handshakeMilliseconds) : undefined;
      inner.onopen = (event) => {
        clearTimeout(timer);
        if (isOpening) failures = periods = 0;
        isOpening = false;
        this.onopen?.(event);
      };
      inner.onclose = async (event) => {
        clearTimeout(timer);
        // Awaited, because the next socket depends on the number of failures.
        if (isOpening) await noteFailure();
        isOpening = false;
        this.onclose?.(event);
      };
      inner.onmessage = (event) => this.onmessage?.(event);
      inner.onerror = (event) => this.onerror?.(event);
    }

    get readyState(): number {
      return this.#inner.readyState;
    }

    send(text: string): void {
      this.#inner.send(text);
    }

    close(): void {
      this.#inner.close();
    }
  };
}

/**
 * A socket-like object that polls. Like a handshake, its first read opens it, so that a client
 * without a network is not online.
 */
function createPolling(
  { url, fetch: own = fetch }: Options,
  address: string,
  token: string,
  milliseconds: number,
) {
  const heads: Record<string, number> = {};
  const followed = new Map<string, AbortController>();
  const socket = {
    readyState: 0,
    onopen: null as ((event: object) => void) | null,
    onmessage: null as ((event: { data: string }) => void) | null,
    onclose: null as ((event: object) => void) | null,
    onerror: null as ((event: object) => void) | null,
    send(text: string): void {
      const { action, ...request } = JSON.parse(text) as SubscribeRequest & { action: string };
      if (action === "subscribe") follow(request);
      else if (action === "unsubscribe") followed.get(request.streamId)?.abort();
      else if (action === "ping") emit({ type: "pong", heads, requestId: request.requestId });
    },
    close(): void {
      if (socket.readyState === 3) return;
      socket.readyState = 3;
      clearTimeout(timer);
      for (const one of followed.values()) one.abort();
      socket.onclose?.({});
    },
  };
  const emit = (message: object) =>
    socket.readyState === 1 && socket.onmessage?.({ data: JSON.stringify(message) });
  const timer = setTimeout(() => socket.close(), milliseconds);
  const open = () => {
    if (socket.readyState !== 0) return;
    socket.readyState = 1;
    socket.onopen?.({});
  };
  setTimeout(() => {
    const { streamId, since } = Object.fromEntries(new URL(address).searchParams);
    if (!streamId) open();
    else if (socket.readyState === 0) follow({ streamId, since: positionOf(since) });
  });

  function follow(request: SubscribeRequest): void {
    const { streamId } = request;
    followed.get(streamId)?.abort();
    const stop = new AbortController();
    followed.set(streamId, stop);
    const isOpen = () => socket.readyState === 1;
    const { close } = socket;
    const context = { url, token, fetch: own, heads, isOpen, open, emit, close };
    void poll(context, request, stop.signal);
  }

  return socket;
}

function positionOf(since: string | undefined): SubscribeRequest["since"] {
  if (since === undefined) return undefined;
  const at = since.lastIndexOf(":");
  return { epoch: since.slice(0, at), frame: Number(since.slice(at + 1)) };
}

/** Whether the server answers over HTTP. */
async function isReachable({ url, fetch: own = fetch }: Options): Promise<boolean> {
  const attempt = new AbortController();
  const timer = setTimeout(() => attempt.abort(), answerMilliseconds);
  try {
    const { ok } = await own(`${url.replace(/\/$/, "")}/health`, { signal: attempt.signal });
    return ok;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
