import { type LookupAddress, lookup } from "node:dns";
import { type ClientRequest, request as httpRequest, type OutgoingHttpHeaders } from "node:http";
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
      const problem =
        error ?? (isBad ? new NotCalled(`${name} is not of the open Internet`) : null);
      if (problem) done(problem, "", 4);
      else if (options.all) done(null, found);
      else done(null, found[0]!.address, found[0]!.family);
    });

const lookupPublic = publicLookup(lookup);

/** Limits on the time and size of a response. */
export type Bounds = { timeoutMilliseconds: number; bytesMax: number };

type Call = { method: "GET" | "POST"; headers: OutgoingHttpHeaders };

/** Thrown if a URL must not be called; a retry would fail, too. */
export class NotCalled extends Error {}

/** Thrown if a response is larger than its limit. */
export class TooLarge extends Error {}

/**
 * Opens a call to a URL from a user or a customer, limited to 10 s. Throws `NotCalled` if the URL
 * leads outside the open Internet (the runner may call its own machine). Does not follow redirects.
 */
export function open(
  destination: string,
  call: Call,
  timeoutMilliseconds = limits().outboundMilliseconds,
): ClientRequest {
  const problem = destinationProblem(destination);
  if (problem !== undefined) throw new NotCalled(`Not called: ${problem}`);
  const options = {
    ...call,
    signal: AbortSignal.timeout(Math.min(timeoutMilliseconds, limits().outboundMilliseconds)),
  };
  return isLoopback(destination)
    ? httpRequest(destination, options)
    : httpsRequest(destination, { ...options, lookup: lookupPublic });
}

/** A connection that switches to another protocol (101) ends without an error. */
export const noAnswer = "No answer came";

/**
 * Sends a request with `payload` and returns the status and the whole body of the response. Throws
 * if the response is larger than `bytesMax`, late, cut off or missing.
 */
export function answerOf(
  request: ClientRequest,
  payload: string | undefined,
  bytesMax: number,
): Promise<{ status: number; body: Buffer<ArrayBuffer> }> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("close", () => reject(new Error(noAnswer)));
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= bytesMax) return void chunks.push(chunk);
        reject(new TooLarge(`More than ${bytesMax} bytes`));
        request.destroy();
      });
      response.on("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      );
    });
    request.end(payload);
  });
}
