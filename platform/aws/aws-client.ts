import { boundedTimeout, TimeoutError } from "../runtime/deadline.ts";

/** The SDK's attempts for one call, on a new connection if the last one was silent. */
export const triesMax = 3;

/**
 * The timeout of one attempt, from the request to the last byte of the response. DynamoDB, SQS and
 * Secrets Manager respond in milliseconds; a connection that takes longer has died, as connections
 * do while an environment is frozen.
 */
export const tryMilliseconds = 1_500;

/** The SDK's pauses between three attempts: at most one and then two seconds, after a throttle. */
const pausesMilliseconds = 3_000;

/** The longest time of one call. */
export const callMillisecondsMax = triesMax * tryMilliseconds + pausesMilliseconds;

type Next = (args: unknown) => Promise<unknown>;
type Stack = {
  add(bound: (next: Next) => Next, where: { step: string; priority: string; name: string }): void;
  remove(name: string): void;
};

/**
 * Creates an AWS client. This is the only place that does, since the SDK's own timeouts are
 * minutes, and its `requestTimeout` only warns unless it is configured to throw. A late attempt is
 * a `TimeoutError` and retried; once the function's own time is up, a call is refused as
 * `unavailable`, so that the caller still gets a response. The clients of platform/aws, which
 * replace the SDK's in the bundles, enforce these limits themselves. `settings` are additional
 * settings of the client; `tryMilliseconds` is for programs that are not functions.
 */
export function openClient<C>(
  Client: new (settings: object) => C,
  { tryMilliseconds: most = tryMilliseconds, ...settings }: Settings = {},
): C {
  const client = new Client({
    maxAttempts: triesMax,
    requestHandler: {
      connectionTimeout: most,
      requestTimeout: most,
      throwOnRequestTimeout: true,
      // For a response that stops halfway: `requestTimeout` only covers the time until its headers.
      socketTimeout: most,
    },
    ...settings,
  });
  const { middlewareStack } = client as { middlewareStack?: Stack };
  const where = { step: "deserialize", priority: "high", name: "boundTry" };
  middlewareStack?.add((next) => (args) => bound(() => next(args), most), where);
  // This middleware prepares a log that is never written, in 40 % of the time of reading a room.
  middlewareStack?.remove("loggerMiddleware");
  return client;
}

type Settings = Record<string, unknown> & { tryMilliseconds?: number };

/**
 * Waits for one attempt, including reading, within its timeout and the function's remaining time.
 */
async function bound(work: () => Promise<unknown>, most: number): Promise<unknown> {
  const milliseconds = boundedTimeout(most);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * One signed call: `POST /` unless it has a method and a path (with its query, as signed). The
 * headers are complete, with names in lower case; `host` is the signed one.
 */
export type TransportRequest = {
  host: string;
  method?: string;
  path?: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
  /** Whether the response has bytes instead of text. */
  isBinary?: boolean;
};

/** The response, whatever its status; header names are in lower case. */
export type TransportAnswer = {
  status: number;
  headers: Record<string, string>;
  /** Empty if the call is binary. */
  body: string;
  /** Present if the call is binary. */
  bytes?: Uint8Array;
};

/**
 * Sends one call to AWS and returns its response. Rejects without a complete response, with the
 * `code` of Node's sockets (ECONNRESET, ECONNREFUSED …). The signal is of this call alone, has one
 * listener, and may abort until the call has ended.
 */
export type Transport = (
  request: TransportRequest,
  options: { signal: AbortListening },
) => Promise<TransportAnswer>;

/** The part of an `AbortSignal` that a transport uses. */
type AbortListening = {
  addEventListener(type: "abort", listener: () => void, options?: { once: boolean }): void;
};

/**
 * Where the one-machine runner installs its own transport, so that calls of functions in its
 * threads reach it without a socket. Only the runner does so, never AWS. Calls name their caller as
 * signed ones do; a JSON client leaves out the signature, which the runner does not verify.
 */
const transportKey = Symbol.for("ovation.aws.transport");

/** The transport installed by the runner; undefined outside of it. */
export const installedTransport = () =>
  (globalThis as { [transportKey]?: Transport })[transportKey];

/** Sends a call. Rejects with a `TimeoutError` after this time, or as the transport does. */
export function sendWithin(
  transport: Transport,
  request: TransportRequest,
  milliseconds: number,
): Promise<TransportAnswer> {
  // A transport adds one listener, so this costs less than an AbortController for each call.
  let abort: (() => void) | undefined;
  const signal: AbortListening = {
    addEventListener(_type, listener) {
      abort = listener;
    },
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new TimeoutError(milliseconds));
      abort?.();
    }, milliseconds);
    transport(request, { signal })
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
