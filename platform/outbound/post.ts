import { answerOf, type Bounds, noAnswer, open } from "./request.ts";

/** The largest response to a POST. */
const answerBytesMax = 64 * 1024;

/** The body, sent unchanged, with headers in addition to those of every call. */
type Posted = { text: string; headers?: Record<string, string> };

/** Opens a call that posts JSON; throws as `open` does. */
const openPost = (destination: string, { text, headers }: Posted, timeoutMilliseconds?: number) =>
  open(
    destination,
    {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(text)),
      },
    },
    timeoutMilliseconds,
  );

/**
 * Posts JSON, with `headers`, to a URL configured by a customer, and returns the status and text of
 * the response. Throws if the URL may not be called, and if the response is late, too large,
 * truncated or missing.
 */
export async function postJson(
  destination: string | URL,
  body: unknown,
  bounds: Bounds,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const text = JSON.stringify(body);
  const request = openPost(String(destination), { text, headers }, bounds.timeoutMilliseconds);
  const answer = await answerOf(request, text, Math.min(bounds.bytesMax, answerBytesMax));
  return { status: answer.status, text: answer.body.toString("utf8") };
}

/**
 * Posts text that is JSON already, and returns the status as soon as it arrives, within 10 s: the
 * body is not used, and beyond 64 KB or 10 s the connection is closed. Throws as `postJson` does.
 */
export async function postForStatus(destination: string, posted: Posted): Promise<number> {
  const request = openPost(destination, posted);
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("close", () => reject(new Error(noAnswer)));
    request.once("response", (response) => {
      let bytes = 0;
      response.on("error", () => undefined);
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) request.destroy();
      });
      resolve(response.statusCode ?? 0);
    });
    request.end(posted.text);
  });
}
