import type { ServerMessage } from "./message.ts";
import type { SocketConstructor } from "./socket.ts";

type Options = {
  /** The HTTP address, the same as the client's. */
  url: string;
  fetch?: typeof fetch | undefined;
  WebSocket?: SocketConstructor | undefined;
};

type Range = {
  epoch: string;
  head: number;
  recovered: boolean;
  frames: (ServerMessage & { frame: number; viewers: number })[];
  sums?: object;
  moments?: object[];
};

type Asked = {
  streamId: string;
  since?: { epoch: string; frame: number } | undefined;
  requestId?: string | undefined;
};

const waitSeconds = 20;
/** Consecutive failed handshakes before polling starts, and the timeout of one. */
const failuresMax = 2;
const handshakeMilliseconds = 5_000;
/** Interval after which a WebSocket is tried again, because the network may have changed. */
const pollMilliseconds = 300_000;
const againMilliseconds = 2_000;
/** Timeout of one read: some proxies swallow a response, too. */
const answerMillisecondsMax = (waitSeconds + 10) * 1_000;
const lost = 401;

/**
 * A WebSocket replacement for networks that block WebSockets: after two failed handshakes it reads
 * the same frames over HTTP (`GET …/events`), until a socket can be opened again. Pass it to the
 * client as its `WebSocket`, with a token:
 * `createClient({ url, token, WebSocket: pollingSocket({ url }) })`.
 */
export function pollingSocket(options: Options): SocketConstructor {
  const Native = options.WebSocket ?? (globalThis.WebSocket as SocketConstructor);
  let failures = 0;

  return class {
    onopen: ((event: object) => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: object) => void) | null = null;
    onerror: ((event: object) => void) | null = null;
    readonly #inner: InstanceType<SocketConstructor>;

    constructor(url: string, protocols?: string[]) {
      const isPolling = failures >= failuresMax;
      // One more failed handshake after polling, and it polls again.
      if (isPolling) failures = failuresMax - 1;
      const inner = isPolling
        ? createPolling(options, url, protocols?.[1] ?? "")
        : new Native(url, protocols);
      this.#inner = inner;
      let isOpening = !isPolling;
      // A handshake that times out counts as failed, too: some proxies swallow it.
      const timer = isOpening ? setTimeout(() => inner.close(), handshakeMilliseconds) : undefined;
      const settle = (isOpen: boolean) => {
        clearTimeout(timer);
        if (isOpening) failures = isOpen ? 0 : failures + 1;
        isOpening = false;
      };
      inner.onopen = (event) => {
        settle(true);
        this.onopen?.(event);
      };
      inner.onclose = (event) => {
        settle(false);
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
function createPolling({ url, fetch: own = fetch }: Options, address: string, token: string) {
  const heads: Record<string, number> = {};
  const followed = new Map<string, AbortController>();
  const socket = {
    readyState: 0,
    onopen: null as ((event: object) => void) | null,
    onmessage: null as ((event: { data: string }) => void) | null,
    onclose: null as ((event: object) => void) | null,
    onerror: null as ((event: object) => void) | null,
    send(text: string): void {
      const { action, ...asked } = JSON.parse(text) as Asked & { action: string };
      if (action === "subscribe") follow(asked);
      else if (action === "unsubscribe") followed.get(asked.streamId)?.abort();
      else if (action === "ping") tell({ type: "pong", heads, requestId: asked.requestId });
    },
    close(): void {
      if (socket.readyState === 3) return;
      socket.readyState = 3;
      clearTimeout(timer);
      for (const one of followed.values()) one.abort();
      socket.onclose?.({});
    },
  };
  const tell = (message: object) =>
    socket.readyState === 1 && socket.onmessage?.({ data: JSON.stringify(message) });
  const timer = setTimeout(() => socket.close(), pollMilliseconds);
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

  function follow(asked: Asked): void {
    const { streamId } = asked;
    followed.get(streamId)?.abort();
    const stop = new AbortController();
    followed.set(streamId, stop);
    void poll(asked, stop.signal);
  }

  /** Reads from a position: first the response to the subscription, then the frames. */
  async function poll(asked: Asked, signal: AbortSignal) {
    const { streamId, requestId } = asked;
    let at = asked.since;
    let isSubscribed = false;
    while (!signal.aborted) {
      try {
        const place = urlOf(url, streamId, at, isSubscribed ? waitSeconds : 0);
        const range = await read(place, { token, signal, fetch: own });
        const { frames, head, epoch, recovered } = range;
        open();
        // Its opening has asked for another position.
        if (signal.aborted) return;
        heads[streamId] = head;
        if (at === undefined || !recovered) at = { epoch, frame: head };
        if (!isSubscribed) tell(subscribedBy(asked, range));
        isSubscribed = true;
        for (const frame of frames) tell(frame);
        at = { epoch, frame: frames.at(-1)?.frame ?? at.frame };
      } catch (error) {
        if (signal.aborted) return;
        const { statusCode } = error as { statusCode?: number };
        if (statusCode === lost) return socket.close();
        if (statusCode === 403 || statusCode === 404) {
          open();
          if (signal.aborted) return;
          const reason = String((error as Error).message);
          if (isSubscribed) tell({ type: "unsubscribed", streamId, reason });
          else tell({ type: "error", statusCode, errors: [reason], requestId });
          return;
        }
        await new Promise((done) => setTimeout(done, againMilliseconds));
      }
    }
  }

  return socket;
}

/** The response to a subscription. Only frames have the number of viewers. */
function subscribedBy(asked: Asked, { frames, recovered, ...shown }: Range) {
  const { streamId, since, requestId } = asked;
  const subscribed = { type: "subscribed", streamId, viewers: frames.at(-1)?.viewers, ...shown };
  return { ...subscribed, ...(since && { recovered }), requestId };
}

function urlOf(url: string, streamId: string, at: Asked["since"], wait: number): string {
  const from = at === undefined ? "" : `&epoch=${at.epoch}&after=${at.frame}`;
  return `${url.replace(/\/$/, "")}/api/v1/live-stream/${streamId}/events?wait=${wait}${from}`;
}

function positionOf(since: string | undefined): Asked["since"] {
  if (since === undefined) return undefined;
  const at = since.lastIndexOf(":");
  return { epoch: since.slice(0, at), frame: Number(since.slice(at + 1)) };
}

type Reading = { token: string; signal: AbortSignal; fetch: typeof fetch };

async function read(url: string, { token, signal, fetch: own }: Reading): Promise<Range> {
  const attempt = new AbortController();
  const stop = () => attempt.abort();
  const timer = setTimeout(stop, answerMillisecondsMax);
  signal.addEventListener("abort", stop);
  try {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await own(url, { headers, signal: attempt.signal });
    const { data, errors } = (await answer.json()) as { data: Range; errors?: string[] };
    if (answer.ok) return data;
    throw Object.assign(new Error(errors?.at(-1)), { statusCode: answer.status });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}
