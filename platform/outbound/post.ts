import { type LookupAddress, lookup } from "node:dns";
import { type ClientRequest, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import { limits } from "../runtime/limits.ts";
import { isPublicAddress } from "./addresses.ts";
import { destinationProblem, isLoopback } from "./destination.ts";

type Resolver = (
  name: string,
  options: { all: true; family: 0 },
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
) => void;

/**
 * Resolves a name for one connection and refuses it if any of its addresses is not public. The
 * socket is opened to the checked addresses, so that a name that changes in between (DNS rebinding)
 * cannot lead elsewhere.
 */
export const publicLookup =
  (resolve: Resolver): LookupFunction =>
  (name, options, done) =>
    resolve(name, { all: true, family: 0 }, (error, found) => {
      const isBad = found?.length === 0 || found?.some(({ address }) => !isPublicAddress(address));
      const problem = error ?? (isBad ? new Error(`${name} is not of the open Internet`) : null);
      if (problem) done(problem, "", 4);
      else if (options.all) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });

const lookupPublic = publicLookup(lookup);

/** Limits on the time and size of a response. */
type Bounds = { timeoutMilliseconds: number; bytesMax: number };

/** The largest response of any outbound call. */
const answerBytesMax = 64 * 1024;

/** The body, sent unchanged, with headers in addition to those of every call. */
type Posted = { text: string; headers?: Record<string, string> };

/**
 * Opens a call to a URL configured by a customer. Throws if the URL leads outside the open Internet
 * (the runner may call its own machine). Redirects are not followed.
 */
function open(destination: string, { text, headers = {} }: Posted, timeoutMilliseconds: number) {
  const problem = destinationProblem(destination);
  if (problem !== undefined) throw new Error(`Not called: ${problem}`);
  const options = {
    method: "POST",
    headers: {
      ...headers,
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(text)),
    },
    signal: AbortSignal.timeout(Math.min(timeoutMilliseconds, limits().outboundMilliseconds)),
  };
  return isLoopback(destination)
    ? httpRequest(destination, options)
    : httpsRequest(destination, { ...options, lookup: lookupPublic });
}

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
  const request = open(String(destination), { text, headers }, bounds.timeoutMilliseconds);
  return answerOf(request, text, Math.min(bounds.bytesMax, answerBytesMax));
}

/**
 * Posts text that is JSON already, and returns the status as soon as it arrives, within 10 s: the
 * body is not used, and beyond 64 KB or 10 s the connection is closed. Throws as `postJson` does.
 */
export async function postForStatus(destination: string, posted: Posted): Promise<number> {
  const request = open(destination, posted, limits().outboundMilliseconds);
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

/** A connection that switches to another protocol (101) ends without an error. */
const noAnswer = "No answer came";

function answerOf(request: ClientRequest, payload: string, bytesMax: number) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    request.on("error", reject);
    request.once("close", () => reject(new Error(noAnswer)));
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= bytesMax) return void chunks.push(chunk);
        reject(new Error(`More than ${bytesMax} bytes`));
        request.destroy();
      });
      response.on("error", reject);
      response.once("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    request.end(payload);
  });
}
