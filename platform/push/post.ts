import type { Agent, Dispatcher } from "undici";
import { awsEnvironment, setting } from "../env.ts";
import { createSigner, encodeStrictly, hashOf } from "./sign.ts";

/** A message with its hash, made once for all who get it. */
export type Payload = { bytes: Buffer; hash: string };

/** The bytes of a message and their hash, which every signature of it needs. */
export const payloadOf = (text: string): Payload => {
  const bytes = Buffer.from(text);
  return { bytes, hash: hashOf(bytes) };
};

/**
 * What became of a message: `gone` has no such connection (410: closed, or not open yet),
 * `too_fast` is the account's rate or a slow client's full buffer (429), `refused` any other 4xx,
 * `lost` no answer. None of them is tried again here: the hole heals by the client's rules.
 */
export type PostResult = "sent" | "gone" | "too_fast" | "refused" | "lost";

/**
 * The port through which messages leave: API Gateway's `@connections`, or what a test puts there.
 */
export type Poster = {
  post(connectionId: string, payload: Payload): Promise<PostResult>;
  /** Ends a connection; API Gateway chooses the close code. */
  close(connectionId: string): Promise<PostResult>;
  /** Whether the gateway has the connection. */
  probe(connectionId: string): Promise<PostResult>;
};

let current: Poster | undefined;

/** The port of this process, made on first use. */
export function poster(): Poster {
  current ??= createPoster(setting("WS_ENDPOINT"));
  return current;
}

/** Puts another poster in its place: for tests and measurements. */
export function usePoster(other: Poster | undefined): void {
  current = other;
}

/** Sockets to the gateway: at 15 ms an answer, 160 carry the 10,000 posts/s of an account. */
const socketsMax = 160;
/** A post that is not answered for so long counts as lost. */
const answerMillisecondsMax = 2_000;

const nothing = hashOf("");

/**
 * Posts to one WebSocket API (`https://host/stage`). The stock SDK client takes ten times the CPU of
 * this: the signer keeps what does not change, and the HTTP client is undici, the one that Node
 * itself brings, so that no bundle carries it.
 */
export function createPoster(endpoint: string): Poster {
  const { origin, host, pathname } = new URL(endpoint);
  const sign = createSigner(host, awsEnvironment());
  const base = `${pathname.replace(/\/$/, "")}/@connections/`;
  const agent = createAgent();

  function call(
    method: "POST" | "GET" | "DELETE",
    connectionId: string,
    payload?: Payload,
  ): Promise<PostResult> {
    const path = base + encodeStrictly(connectionId);
    const headers = sign({ method, path, payloadHash: payload?.hash ?? nothing }, Date.now());
    return new Promise((done) => {
      const options = { origin, path, method, headers, body: payload?.bytes ?? null };
      agent.dispatch(options, handlerOf(done));
    });
  }

  return {
    post: (connectionId, payload) => call("POST", connectionId, payload),
    close: (connectionId) => call("DELETE", connectionId),
    probe: (connectionId) => call("GET", connectionId),
  };
}

function handlerOf(done: (result: PostResult) => void): Dispatcher.DispatchHandler {
  let result: PostResult = "lost";
  return {
    onRequestStart() {},
    onResponseStart(_controller, statusCode) {
      result = resultOf(statusCode);
    },
    onResponseData() {},
    onResponseEnd: () => done(result),
    onResponseError: () => done("lost"),
  };
}

function resultOf(statusCode: number): PostResult {
  if (statusCode < 300) return "sent";
  if (statusCode === 410) return "gone";
  if (statusCode === 429) return "too_fast";
  return statusCode < 500 ? "refused" : "lost";
}

/**
 * Node's own undici, found under the symbol by which undici shares its global dispatcher. Reading
 * `Response` makes Node load it.
 */
function createAgent(): Agent {
  void globalThis.Response;
  const shared = (globalThis as Record<symbol, unknown>)[Symbol.for("undici.globalDispatcher.1")];
  const BuiltIn = (shared as Agent).constructor as new (options: Agent.Options) => Agent;
  return new BuiltIn({
    connections: socketsMax,
    pipelining: 1,
    headersTimeout: answerMillisecondsMax,
    bodyTimeout: answerMillisecondsMax,
    connect: { timeout: answerMillisecondsMax },
  });
}
