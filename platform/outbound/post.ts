import { type Bounds, readBody, send } from "./request.ts";

/** The largest response to a POST. */
const answerBytesMax = 64 * 1024;

/** The body, sent unchanged, with headers in addition to those of every call. */
type Posted = { text: string; headers?: Record<string, string> };

/** Posts JSON; throws as `send` does. */
const post = (
  destination: string,
  { text, headers, ...more }: Posted & { agent?: false },
  timeoutMilliseconds?: number,
) =>
  send(
    destination,
    {
      ...more,
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
      },
      payload: text,
    },
    timeoutMilliseconds,
  );

/**
 * Posts JSON, with `headers`, to a URL configured by a customer, and returns the status and text of
 * the response. Throws if the URL may not be called, and if the response is late, too large,
 * truncated or missing.
 *
 * It posts once, on a new connection: a reused one may just have been closed, and the application
 * may charge the gift twice if the call is repeated.
 */
export async function postJson(
  destination: string | URL,
  body: unknown,
  bounds: Bounds,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const text = JSON.stringify(body);
  const posted = { text, headers, agent: false } as const;
  const response = await post(String(destination), posted, bounds.timeoutMilliseconds);
  const answer = await readBody(response, Math.min(bounds.bytesMax, answerBytesMax));
  return { status: response.statusCode ?? 0, text: answer.toString("utf8") };
}

/**
 * Posts text that is JSON already, and returns the status as soon as it arrives, within 10 s: the
 * body is not used, and beyond 64 KB or 10 s the connection is closed. Throws as `postJson` does.
 */
export async function postForStatus(destination: string, posted: Posted): Promise<number> {
  const response = await post(destination, posted);
  readBody(response, answerBytesMax).catch(() => undefined);
  return response.statusCode ?? 0;
}
