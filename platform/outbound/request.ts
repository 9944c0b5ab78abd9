import { type LookupAddress, lookup } from "node:dns";
import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from "node:http";
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

/** A call; with `agent: false` it gets a new connection, and so is never repeated. */
type Call = {
  method: "GET" | "POST";
  headers: OutgoingHttpHeaders;
  payload?: string;
  agent?: false;
};

/** Thrown if a URL must not be called; a retry would fail, too. */
export class NotCalled extends Error {}

/** Thrown if there is no usable response; the message says why, without an address. */
export class UnusableAnswer extends Error {}

/** Thrown if a response is larger than its limit. */
export class TooLarge extends UnusableAnswer {}

/**
 * Calls a URL from a user or a customer and returns the response as soon as its status is there.
 * The call, with the body of the response, is limited to 10 s. Does not follow redirects. Throws
 * `NotCalled` if the URL leads outside the open Internet (the runner may call its own machine), and
 * if the response is late or missing.
 *
 * A connection that was used before may be closed by the other side at the same moment, or while
 * Lambda had frozen this process: then the call is repeated once, on a new one. So a receiver may
 * get it twice if it closes the connection instead of responding.
 */
export async function send(
  destination: string,
  { payload, ...call }: Call,
  timeoutMilliseconds = limits().outboundMilliseconds,
): Promise<IncomingMessage> {
  const problem = destinationProblem(destination);
  if (problem !== undefined) throw new NotCalled(`Not called: ${problem}`);
  const signal = AbortSignal.timeout(Math.min(timeoutMilliseconds, limits().outboundMilliseconds));
  const attempt = (own: { agent?: false } = {}) => {
    const options = { ...call, ...own, signal };
    return isLoopback(destination)
      ? httpRequest(destination, options)
      : httpsRequest(destination, { ...options, lookup: lookupPublic });
  };
  const first = attempt();
  try {
    return await responseOf(first, payload);
  } catch (error) {
    if (!first.reusedSocket || !isClosed(error)) throw error;
    return responseOf(attempt({ agent: false }), payload);
  }
}

/** Shown for a connection that ended before a response. */
export const closed = "The connection was closed without an answer";

const isClosed = (error: unknown) =>
  ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");

const responseOf = (request: ClientRequest, payload: string | undefined) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    request.on("error", reject);
    // A connection that switches to another protocol (101) ends without an error.
    request.once("close", () => reject(new UnusableAnswer(closed)));
    request.once("response", (response) => {
      // Readers of the body get the reason why it ends early, such as the time limit.
      request.on("error", (error) => response.destroy(error));
      resolve(response);
    });
    request.end(payload);
  });

/**
 * Reads the body of a response. Throws if it is larger than `bytesMax`, late or cut off.
 */
export async function readBody(
  response: IncomingMessage,
  bytesMax: number,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > bytesMax) throw new TooLarge(`The answer had more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
