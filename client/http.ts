import { OvationError } from "./error.ts";
import type { Tokens } from "./token.ts";

/** A response in the envelope; some are bare. */
type Envelope = { isSuccess?: boolean; data?: unknown; errors?: string[]; code?: string };

/** What every attempt sends, except for the token. */
type Call = {
  url: string;
  method: string;
  body: string | FormData | null;
  key: string | undefined;
  /** Aborts the call. */
  signal: AbortSignal | undefined;
};

/** The result of one attempt. Status 0: no response, or an incomplete one. */
type Outcome = {
  status: number;
  envelope?: Envelope | undefined;
  headers?: Headers;
  /** The token that was sent; undefined if there was none and nothing was sent. */
  token?: string;
  /** The error of the application's token function. */
  cause?: unknown;
};

/** Timeout of one attempt: API Gateway itself gives up after 29 s. */
const answerMillisecondsMax = 30_000;
/** Attempts of one call; more if a call with a key gets no response, or a server error. */
const triesMin = 6;
/**
 * A call with a key is attempted for at least this long during an outage: a restart of the server
 * takes longer than six attempts, and the user's message would fail meanwhile.
 */
const outageMilliseconds = 30_000;
const waitMillisecondsMax = 8_000;
/** A longer timer would fire at once. */
const timerSecondsMax = 2_147_483;

const keyForm = /^[\x20-\x7e]{1,128}$/;

/**
 * Makes calls of the HTTP API. Each POST has an Idempotency-Key, so that it is retried when a
 * response is lost, and still takes effect once. An argument that no retry can fix, such as a key
 * that is invalid in a header, throws a TypeError at once. If no attempt gets a definite response,
 * the error says that the call may have taken effect, and contains the key. A `signal` aborts the
 * call at once, with the signal's reason.
 */
export function createCaller(baseUrl: string, tokens: Tokens, fetcher: typeof fetch = fetch) {
  return async function call<Answer>(
    method: string,
    path: string,
    body?: unknown,
    key: string = makeKey(),
    signal?: AbortSignal,
  ): Promise<Answer> {
    // Without the slash the path would change the host, which would receive the token.
    if (!path.startsWith("/")) throw new TypeError("path: expected a path that begins with /");
    if (!keyForm.test(key))
      throw new TypeError("Idempotency-Key: expected 1 to 128 printable ASCII characters");
    const verb = method.toUpperCase();
    const request: Call = {
      url: baseUrl + path,
      method: verb,
      body: bodyOf(body),
      key: verb === "POST" ? key : undefined,
      signal,
    };
    // Other routes take no key: callback receivers and commands of Tencent's protocol.
    const isKeyed = verb === "POST" && path.startsWith("/api/");
    return unlessAborted(signal, async () => {
      let mayHaveHappened = false;
      let isRenewed = false;
      const began = performance.now();
      for (let attempt = 1; ; attempt++) {
        const outcome = await tryOnce(request, tokens, fetcher);
        const { status, envelope } = outcome;
        if (status >= 200 && status < 300)
          return (envelope?.isSuccess === undefined ? envelope : envelope.data) as Answer;
        mayHaveHappened ||= verb !== "GET" && isAmbiguous(outcome);
        if (status === 401 && !isRenewed && tokens.renew(outcome.token)) isRenewed = true;
        else if (
          signal?.aborted ||
          !canRetry(outcome) ||
          isLast(outcome, attempt, began, request.key)
        )
          throw errorOf(outcome, mayHaveHappened && !(isKeyed && isDefinite(outcome)), request.key);
        else await wait(outcome, attempt, signal);
      }
    });
  };
}

/** Stops waiting when the signal aborts. */
function unlessAborted<Answer>(
  signal: AbortSignal | undefined,
  work: () => Promise<Answer>,
): Promise<Answer> {
  if (signal === undefined) return work();
  return new Promise((done, fail) => {
    // Older engines have no `reason`.
    const stop = () =>
      fail(signal.reason ?? Object.assign(new Error("Aborted"), { name: "AbortError" }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    const forget = () => signal.removeEventListener("abort", stop);
    void work().then(done, fail).then(forget);
  });
}

/** Encodes a body as JSON, or as a form if it is one or contains a file. */
function bodyOf(body: unknown): string | FormData | null {
  if (body === undefined || body instanceof FormData) return body ?? null;
  const text = (value: unknown) => JSON.stringify(value);
  const fields = Object.entries(body ?? {});
  if (!fields.some(([, value]) => value instanceof Blob)) return text(body);
  const form = new FormData();
  for (const [name, value] of fields)
    if (value != null)
      form.append(name, typeof value === "string" || value instanceof Blob ? value : text(value));
  return form;
}

async function tryOnce(call: Call, tokens: Tokens, fetcher: typeof fetch): Promise<Outcome> {
  let token: string;
  try {
    token = await tokens.get();
  } catch (cause) {
    return { status: 0, cause };
  }
  const headers: Record<string, string> = {};
  if (token !== "") headers.authorization = `Bearer ${token}`;
  // The engine sets the form's content type with its boundary.
  if (typeof call.body === "string") headers["content-type"] = "application/json";
  if (call.key !== undefined) headers["idempotency-key"] = call.key;
  const request = { method: call.method, headers, body: call.body };
  // Throws what fetch would reject with: a rejection would look like a lost response.
  new Request(call.url, request);
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, answerMillisecondsMax);
  call.signal?.addEventListener("abort", stop);
  if (call.signal?.aborted) stop();
  try {
    const answer = await fetcher(call.url, { ...request, signal: late.signal });
    const envelope = (await answer.json().catch(() => undefined)) as Envelope | undefined;
    // An incomplete response says as little as none.
    const isWhole = answer.status === 204 || envelope !== undefined || !answer.ok;
    return { status: isWhole ? answer.status : 0, envelope, headers: answer.headers, token };
  } catch {
    return { status: 0, token };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", stop);
  }
}

const codeOf = ({ envelope, headers }: Outcome) =>
  envelope?.code ?? headers?.get("x-error-code") ?? undefined;
/** The seconds that the server asks to wait, if it does: as a number, or until a date. */
function retryAfter({ headers }: Outcome): number | undefined {
  const text = headers?.get("retry-after");
  if (!text) return undefined;
  const number = Number(text);
  const seconds = Number.isNaN(number) ? (Date.parse(text) - Date.now()) / 1000 : number;
  if (!Number.isFinite(seconds)) return undefined;
  return Math.min(Math.max(0, seconds), timerSecondsMax);
}

/**
 * Whether this attempt may have taken effect: no response, a server error, or its key is in use.
 */
const isAmbiguous = (outcome: Outcome) =>
  outcome.token !== undefined &&
  (outcome.status === 0 ||
    outcome.status >= 500 ||
    outcome.status === 408 ||
    (outcome.status === 409 && retryAfter(outcome) !== undefined));

/**
 * Whether a retry may succeed: without a token or a response, after a server error, and after a
 * 4xx that asks for a retry.
 */
const canRetry = (outcome: Outcome) =>
  outcome.token === undefined ||
  isAmbiguous(outcome) ||
  outcome.status === 425 ||
  // A message refused by slow mode is not sent half a minute later without the user.
  (outcome.status === 429 && codeOf(outcome) !== "slow_mode");

/** Whether no attempt follows: all are used up, or the next one would be too late for the user. */
function isLast(outcome: Outcome, attempt: number, began: number, key?: string): boolean {
  if ((retryAfter(outcome) ?? 0) * 1000 > outageMilliseconds) return true;
  if (attempt < triesMin) return false;
  const isOutage = outcome.status === 0 || outcome.status >= 500;
  return key === undefined || !isOutage || performance.now() - began >= outageMilliseconds;
}

/**
 * Whether this refusal of a call with a key proves that no earlier attempt took effect: if one had,
 * its key would return its success, unless the refusal happens before the key is looked up.
 */
const isDefinite = (outcome: Outcome) => !canRetry(outcome) && ![401, 429].includes(outcome.status);

/**
 * The error of a call that has failed for good; `mayHaveHappened`: an attempt may have succeeded.
 */
function errorOf(outcome: Outcome, mayHaveHappened: boolean, key: string | undefined): unknown {
  if (outcome.token === undefined && !mayHaveHappened) return outcome.cause;
  return new OvationError(outcome.status, outcome.envelope?.errors ?? ["No answer"], {
    code: codeOf(outcome),
    mayHaveHappened,
    key: mayHaveHappened ? key : undefined,
    retryAfterSeconds: retryAfter(outcome),
  });
}

/**
 * Exponential backoff with jitter, at least as long as `Retry-After` says; in a long outage at
 * least half of the longest wait.
 */
function wait(outcome: Outcome, attempt: number, signal?: AbortSignal): Promise<void> {
  const longest = Math.min(waitMillisecondsMax, 250 * 2 ** attempt);
  const least = attempt < triesMin ? 0 : longest / 2;
  const backoff = least + Math.random() * (longest - least);
  const milliseconds = Math.max((retryAfter(outcome) ?? 0) * 1000, backoff);
  return new Promise((done) => {
    // An aborted call must not keep the process running.
    const stop = () => clearTimeout(timer);
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      done();
    }, milliseconds);
    signal?.addEventListener("abort", stop);
  });
}

/** Pages without TLS have no randomUUID, and some engines no crypto at all. */
export function makeKey(): string {
  const own = globalThis.crypto?.randomUUID?.();
  if (own !== undefined) return own;
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(/x/g, () =>
    Math.floor(Math.random() * 16).toString(16),
  );
}

export type Caller = ReturnType<typeof createCaller>;
