import { type Client, createClient, OvationError } from "../../client/index.ts";
import { Failure } from "./command.ts";
import type { Target } from "./target.ts";

/** A client signed in as a user: until a given token expires, or with tokens of this machine. */
export const connectAs = (target: Target, name: string): Client =>
  createClient({
    url: target.url,
    socketUrl: target.socketUrl,
    token: target.token ?? (() => target.tokenOf(name)),
    onError: () => undefined,
  });

/** Turns a refusal of the API, or a missing response, into a sentence for the user. */
export async function explainRefusal<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof OvationError)) throw error;
    const cause = error.cause instanceof Failure ? error.cause.message : error.message;
    throw new Failure(error.statusCode === 0 ? cause : `${error.statusCode} ${cause}`);
  }
}
