import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { setting } from "../runtime/env.ts";

/** How long the issuer's whole response may take; a cold function may need two seconds itself. */
const timeoutMilliseconds = 4_000;

/** Refuses plain http to the issuer, except on this machine in the runner. */
function assertTrusted({ protocol, hostname }: URL): void {
  if (protocol === "https:") return;
  const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  if (protocol === "http:" && isLoopback && setting("LOCAL") === "on") return;
  throw new Error(`${protocol} is not trusted`);
}

/**
 * Sends a GET to the issuer, or posts it a form. Stops reading once the response exceeds
 * `bytesMax`, and does not follow redirects. Throws without a complete response in four seconds.
 * Uses Node's `https`, since the first `fetch` of a process takes 30 ms to load its code.
 */
export function callIssuer(
  url: URL,
  bytesMax: number,
  form?: Record<string, string>,
): Promise<{ status: number; text: string }> {
  assertTrusted(url);
  const body = form && new URLSearchParams(form).toString();
  const request = (url.protocol === "https:" ? requestSecure : requestPlain)(url, {
    signal: AbortSignal.timeout(timeoutMilliseconds),
    method: body === undefined ? "GET" : "POST",
    headers: {
      accept: "application/json",
      ...(body !== undefined && {
        "content-type": "application/x-www-form-urlencoded",
        "content-length": Buffer.byteLength(body),
      }),
    },
  });
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("response", (answer) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      answer.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > bytesMax) {
          request.destroy();
          return reject(new Error(`more than ${bytesMax} bytes`));
        }
        chunks.push(chunk);
      });
      answer.on("error", reject);
      answer.once("end", () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
    request.end(body);
  });
}
