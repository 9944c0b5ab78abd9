import { OvationError } from "./error.ts";
import type { Tokens } from "./token.ts";

/** An answer in the envelope; some are bare. */
type Said = { isSuccess?: boolean; data?: unknown; errors?: string[]; code?: string };

/** What is sent at each try, except for the token. */
type Call = {
  url: string;
  method: string;
  body: string | FormData | null;
  key: string | undefined;
  /** Ends the call. */
  signal: AbortSignal | undefined;
};

/** How one try ended. Status 0: no answer, or one that broke off. */
type Outcome = {
  status: number;
  said?: Said | undefined;
  headers?: Headers;
  /** The token it was sent with; undefined when there was none, and nothing was sent. */
  token?: string;
  /** What the application's own token function threw. */
  cause?: unknown;
};

/** An answer that takes longer is lost: API Gateway gives none after 29 s. */
const answerMillisecondsMax = 30_000;
/** Tries of one call that changes something; its key makes them one. */
const triesMax = 6;
const waitMillisecondsMax = 8_000;

const keyForm = /^[\x20-\x7e]{1,128}$/;

/**
 * Makes calls of the HTTP API. A POST has an Idempotency-Key of its own, so that it is repeated
 * when an answer is lost, and still happens once. What no repetition could fix, such as a key that
 * no header can carry, is a TypeError at once. Where all tries end without a definite answer, the
 * error says that it may have happened, and names the key. A `signal` ends it at once, with the
 * signal's reason.
 */
export function createCaller(baseUrl: string, tokens: Tokens, fetcher: typeof fetch = fetch) {
  return async function call<Answer>(
    method: string,
    path: string,
    body?: unknown,
    key: string = makeKey(),
    signal?: AbortSignal,
  ): Promise<Answer> {
    // A path without its slash would change the host, which is given the token.
    if (!path.startsWith("/")) throw new TypeError("path: expected a path that begins with /");
    if (!keyForm.test(key))
      throw new TypeError("Idempotency-Key: expected 1 to 128 printable ASCII characters");
    const verb = method.toUpperCase();
    const wish: Call = {
      url: baseUrl + path,
      method: verb,
      body: bodyOf(body),
      key: verb === "POST" ? key : undefined,
      signal,
    };
    // Other calls take no key: receivers of callbacks, and the commands of Tencent's side.
    const isKeyed = verb === "POST" && path.startsWith("/api/");
    return unlessAborted(signal, async () => {
      let mayHaveHappened = false;
      let isRenewed = false;
      for (let attempt = 1; ; attempt++) {
        const outcome = await tryOnce(wish, tokens, fetcher);
        const { status, said } = outcome;
        if (status >= 200 && status < 300)
          return (said?.isSuccess === undefined ? said : said.data) as Answer;
        mayHaveHappened ||= verb !== "GET" && isAmbiguous(outcome);
        if (status === 401 && !isRenewed && tokens.renew(outcome.token)) isRenewed = true;
        else if (signal?.aborted || attempt >= triesMax || !isPassing(outcome))
          throw errorOf(outcome, mayHaveHappened && !(isKeyed && isDefinite(outcome)), wish.key);
        else await wait(outcome, attempt, signal);
      }
    });
  };
}

/** Does it, and stops waiting for it when the signal aborts. */
function unlessAborted<Answer>(
  signal: AbortSignal | undefined,
  work: () => Promise<Answer>,
): Promise<Answer> {
  if (signal === undefined) return work();
  return new Promise((done, fail) => {
    // Older engines know no reason.
    const stop = () =>
      fail(signal.reason ?? Object.assign(new Error("Aborted"), { name: "AbortError" }));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop);
    const forget = () => signal.removeEventListener("abort", stop);
    void work().then(done, fail).then(forget);
  });
}

/** A body goes as JSON, and as a form where it is one or has a file in it. */
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
  // The engine gives a form its own type, which names the boundary of its parts.
  if (typeof call.body === "string") headers["content-type"] = "application/json";
  if (call.key !== undefined) headers["idempotency-key"] = call.key;
  const wish = { method: call.method, headers, body: call.body };
  // Throws what fetch would reject with, which would look like an answer that was lost.
  new Request(call.url, wish);
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, answerMillisecondsMax);
  call.signal?.addEventListener("abort", stop);
  if (call.signal?.aborted) stop();
  try {
    const answer = await fetcher(call.url, { ...wish, signal: late.signal });
    const said = (await answer.json().catch(() => undefined)) as Said | undefined;
    // An answer that broke off says as little as one that never came.
    const isWhole = answer.status === 204 || said !== undefined || !answer.ok;
    return { status: isWhole ? answer.status : 0, said, headers: answer.headers, token };
  } catch {
    return { status: 0, token };
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", stop);
  }
}

const codeOf = ({ said, headers }: Outcome) =>
  said?.code ?? headers?.get("x-error-code") ?? undefined;
/** The seconds that the server wants, if it says so. */
function retryAfter({ headers }: Outcome): number | undefined {
  const seconds = headers?.get("retry-after");
  return seconds == null ? undefined : Number(seconds);
}

/** Whether such a try may have happened: no answer, a fault, or its key is in use just now. */
const isAmbiguous = (outcome: Outcome) =>
  outcome.token !== undefined &&
  (outcome.status === 0 ||
    outcome.status >= 500 ||
    outcome.status === 408 ||
    (outcome.status === 409 && retryAfter(outcome) !== undefined));

/**
 * Whether the same call may end differently another time: an answer that was lost is one of these.
 * Of the 4xx only those that ask for another try, and a 409 that does.
 */
const isPassing = (outcome: Outcome) =>
  outcome.token === undefined ||
  isAmbiguous(outcome) ||
  outcome.status === 425 ||
  // What is said in slow mode has its moment: it is not sent half a minute later unasked.
  (outcome.status === 429 && codeOf(outcome) !== "slow_mode");

/**
 * Whether this refusal of a call with a key says that no earlier try happened: the key of one that
 * did answers its success, except where the refusal is made before the key is looked at.
 */
const isDefinite = (outcome: Outcome) =>
  !isPassing(outcome) && ![401, 429].includes(outcome.status);

/** The error of a call that is given up; unclear: one of its tries may have happened. */
function errorOf(outcome: Outcome, mayHaveHappened: boolean, key: string | undefined): unknown {
  if (outcome.token === undefined && !mayHaveHappened) return outcome.cause;
  return new OvationError(outcome.status, outcome.said?.errors ?? ["No answer"], {
    code: codeOf(outcome),
    mayHaveHappened,
    key: mayHaveHappened ? key : undefined,
    retryAfterSeconds: retryAfter(outcome),
  });
}

function wait(outcome: Outcome, attempt: number, signal?: AbortSignal): Promise<void> {
  const longest = Math.min(waitMillisecondsMax, 250 * 2 ** attempt);
  const milliseconds = Math.max((retryAfter(outcome) ?? 0) * 1000, Math.random() * longest);
  return new Promise((done) => {
    // Nothing waits for it then.
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
