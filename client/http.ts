import type { Token } from "./socket.ts";

/** A refusal: the status and sentences of the API. */
export class OvationError extends Error {
  readonly statusCode: number;
  readonly errors: string[];

  constructor(statusCode: number, errors: string[]) {
    super(errors.join(" · ") || `Status ${statusCode}`);
    this.name = "OvationError";
    this.statusCode = statusCode;
    this.errors = errors;
  }
}

/** An answer in the envelope; some are bare. */
type Said = { isSuccess?: boolean; data?: unknown; errors?: string[] };

/** An answer that takes longer is lost: API Gateway gives none after 29 s. */
const answerMillisecondsMax = 30_000;
/** Tries of one call that changes something; its key makes them one. */
const triesMax = 6;
const waitMillisecondsMax = 8_000;

/**
 * Whether the same call may be told more another time: an answer that was lost is one of these. Of
 * the 4xx only those that ask for another try, and a 409 that does: its key is just being used.
 */
const isPassing = (statusCode: number, retryAfter: string | null) =>
  statusCode === 0 ||
  statusCode >= 500 ||
  [408, 425, 429].includes(statusCode) ||
  (statusCode === 409 && retryAfter !== null);

const keyForm = /^[\x20-\x7e]{1,128}$/;

/**
 * Makes calls of the HTTP API. A POST has an Idempotency-Key of its own, so that it is repeated
 * when an answer is lost, and still happens once. What no repetition could mend, such as a key that
 * no header can carry, is a TypeError at once.
 */
export function createCaller(baseUrl: string, token: Token, fetcher: typeof fetch = fetch) {
  return async function call<Answer>(
    method: string,
    path: string,
    body?: unknown,
    key: string = crypto.randomUUID(),
  ): Promise<Answer> {
    // A path without its slash would change the host, which is given the token.
    if (!path.startsWith("/")) throw new TypeError("path: expected a path that begins with /");
    if (!keyForm.test(key))
      throw new TypeError("Idempotency-Key: expected 1 to 128 printable ASCII characters");
    const verb = method.toUpperCase();
    const url = baseUrl + path;
    const text = body === undefined ? null : JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      const given = typeof token === "function" ? await token() : token;
      const headers: Record<string, string> = { authorization: `Bearer ${given}` };
      if (body !== undefined) headers["content-type"] = "application/json";
      if (verb === "POST") headers["idempotency-key"] = key;
      const wish = { method: verb, headers, body: text };
      // Throws what fetch would reject with, which could not be told from an answer that was lost.
      new Request(url, wish);
      const signal = AbortSignal.timeout(answerMillisecondsMax);
      const answer = await fetcher(url, { ...wish, signal }).catch(() => null);
      const said = (await answer?.json().catch(() => undefined)) as Said | undefined;
      // An answer that broke off says as little as one that never came.
      const isWhole = answer?.status === 204 || said !== undefined || answer?.ok === false;
      const status = isWhole ? answer!.status : 0;
      if (isWhole && answer!.ok)
        return (said?.isSuccess === undefined ? said : said.data) as Answer;
      const retryAfter = answer?.headers.get("retry-after") ?? null;
      if (attempt >= triesMax || !isPassing(status, retryAfter))
        throw new OvationError(status, said?.errors ?? ["No answer"]);
      const longest = Math.min(waitMillisecondsMax, 250 * 2 ** attempt);
      const wait = Math.max(Number(retryAfter ?? 0) * 1000, Math.random() * longest);
      await new Promise((done) => setTimeout(done, wait));
    }
  };
}
