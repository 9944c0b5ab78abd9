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

/** Whether the same call may be told more another time: an answer that was lost is one of these. */
const isPassing = (statusCode: number, retryAfter: string | null) =>
  statusCode === 0 || statusCode >= 500 || (retryAfter !== null && [409, 429].includes(statusCode));

/**
 * Makes calls of the HTTP API. A POST has an Idempotency-Key of its own, so that it is repeated
 * when an answer is lost, and still happens once.
 */
export function createCaller(baseUrl: string, token: Token, fetcher: typeof fetch = fetch) {
  return async function call<Answer>(
    method: string,
    path: string,
    body?: unknown,
    key: string = crypto.randomUUID(),
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const given = typeof token === "function" ? await token() : token;
      const headers: Record<string, string> = { authorization: `Bearer ${given}` };
      if (body !== undefined) headers["content-type"] = "application/json";
      if (method === "POST") headers["idempotency-key"] = key;
      const text = body === undefined ? null : JSON.stringify(body);
      const signal = AbortSignal.timeout(answerMillisecondsMax);
      const answer = await fetcher(baseUrl + path, { method, headers, body: text, signal }).catch(
        () => null,
      );
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
