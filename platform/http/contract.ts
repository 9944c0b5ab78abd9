import type * as z from "zod";
import type { RateKind } from "../../domain/rate.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Caller } from "../auth/caller.ts";
import type { Grants, Resources } from "../lambda/grants.ts";
import type { Recalled } from "../table/idempotency.ts";
import type { Tag } from "./tags.ts";

/** The version of both descriptions (semantic): the first number is that of `/api/v1`. */
export const apiVersion = "1.0.0";

/** Who may call: `optional` takes anonymous calls, but a bad token is still refused. */
type CallerKind = "anyone" | "optional" | "user" | "service" | "admin";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Reads a body that came as multipart/form-data (RFC 7578), of this content type. */
type FormReader = (
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
) => Promise<Record<string, unknown>>;

/**
 * What a key remembers, where that is not the whole answer. `keep` leaves out what may have to be
 * forgotten, `recall` makes the answer from what is there now (default: it is what was kept). Where
 * the key is marked before the effect is written, `finish` writes for a call that may have died in
 * between: `body` is the request's. They are methods, so that a route may name its own types.
 */
type Memory = {
  keep(answer: unknown): unknown;
  recall?(kept: unknown, now: Date): Promise<Recalled>;
  finish?(kept: unknown, body: unknown): Promise<Recalled>;
};

/**
 * The most that one call of a route may cost, with the fullest items that its callers can make:
 * `test/platform/costs.test.ts` calls each of them and fails above it. What a call causes later (a
 * frame, a settlement) is not in it.
 */
export type Cost = {
  /** Read and write request units of the table. */
  read?: number;
  write?: number;
  /** UTF-8 kilobytes of the answer's body, before compression. */
  kilobytes?: number;
  /** Calls of other hosts, for which the function waits. */
  callsOut?: number;
};

/**
 * The contract of one HTTP endpoint. From it come validation, types, the route, its authorizer, the
 * grants of its role and its place in the OpenAPI document.
 */
export type Contract = {
  kind: "endpoint";
  /** Method and path, such as `GET /api/v1/live-stream/{streamId}`. */
  route: `${Method} /${string}`;
  /** One sentence for the reference. */
  summary: string;
  /** The heading under which the reference lists it. */
  tag: Tag;
  caller: CallerKind;
  /** `envelope` wraps the answer in Allmine's envelope, `bare` sends it as it is. */
  shape: "envelope" | "bare";
  path?: z.ZodObject;
  query?: z.ZodObject;
  /** Parameters of the query that may be given more than once: lists, joined by commas. */
  lists?: readonly string[];
  body?: z.ZodType;
  /** Whether a call may leave the body out: it is then an object without fields. */
  isBodyOptional?: true;
  /** Reads a body that comes as a form (`multipart()`), or as JSON; without it a body is JSON. */
  form?: FormReader;
  /** The same for a body that has a file in any case, so that JSON never fits. */
  formOnly?: FormReader;
  /** Status and schema of a success; 204 has no body. */
  answer: readonly [status: 200 | 201 | 204, schema: z.ZodType];
  /** The content type of a bare answer that is not JSON. */
  mediaType?: string;
  /**
   * The Cache-Control of a success, which may depend on the answer and on who asks. Default:
   * no-store. What is `public` has an ETag.
   */
  cacheControl?: string | CacheRule["of"];
  /**
   * Whether what is read or changed has revisions: an answer's ETag names its revision, and a
   * change refuses an If-Match that names another.
   */
  hasRevisions?: true;
  /** Every refusal beyond those that any request can meet (validation, token, limits). */
  refusals: readonly RefusalCode[];
  /** The most that a call may cost: as many units of its caller's rate it takes. */
  cost: Cost;
  grants: Grants;
  /**
   * What a call counts as against its caller's rates, which may depend on who calls. Default: `reads`
   * for a GET, `writes` for all others.
   */
  rate?: RateKind | ((caller: Caller) => RateKind);
  /** The stages that have this route. Default: all. */
  stage?: "purchases";
  /** Every POST takes an Idempotency-Key; `required` refuses a call without one. */
  idempotencyKey?: "required";
  /** What a key remembers of an answer. Default: all of it. */
  memory?: Memory;
} & Resources;

/** A method, so that a route may name the type of its answer. */
type CacheRule = { of(answer: unknown, callerId?: string): string | undefined };

/** Every POST takes an Idempotency-Key, and no other method does. */
export const takesKey = ({ route }: Pick<Contract, "route">) => route.startsWith("POST ");

/** A call that changes what has revisions may name the one that it means to change. */
export const takesIfMatch = ({ route, hasRevisions }: Pick<Contract, "route" | "hasRevisions">) =>
  hasRevisions === true && !route.startsWith("GET ");

/** What of a contract says how its calls may fail. */
type Failable = Pick<Contract, "route" | "caller" | "body" | "refusals" | "hasRevisions">;

/**
 * The codes of all refusals that a call can meet, in the order in which they are looked for. What a
 * function refuses and what the document says both go by this list.
 */
export function codesOf(contract: Failable): RefusalCode[] {
  const { caller, body, refusals } = contract;
  const codes: RefusalCode[] = [
    // A parameter that is given twice has no meaning on any route.
    "request_invalid",
    ...only(caller !== "anyone", "token_invalid"),
    ...only(caller === "admin" || caller === "service", "role_missing"),
    ...refusals,
    "body_too_large",
    ...only(body !== undefined, "media_type_unsupported"),
    ...only(takesKey(contract), "key_reused", "key_in_progress"),
    ...only(takesIfMatch(contract), "changed_meanwhile"),
    ...(["request_blocked", "too_many_requests", "unavailable"] as const),
  ];
  return [...new Set(codes)];
}

const only = (is: boolean, ...codes: RefusalCode[]) => (is ? codes : []);

/** What a call of this caller counts as. */
export function rateOf(
  { rate, route }: Pick<Contract, "rate" | "route">,
  caller: Caller,
): RateKind {
  if (typeof rate === "function") return rate(caller);
  return rate ?? (route.startsWith("GET ") ? "reads" : "writes");
}

/** The two halves of a route. */
export function methodAndPath(contract: Pick<Contract, "route">): [Method, string] {
  return contract.route.split(" ") as [Method, string];
}

/** The contract of a function that answers bytes, to everybody, below the path of its own API. */
export type DownloadContract = {
  kind: "download";
  /** Such as `/{id}` of `/pictures/{id}`. */
  path: `/{${string}}`;
  summary: string;
  tag: Tag;
  grants: Grants;
} & Resources;

/**
 * Millionths of a dollar at list prices (us-east-1): a call of the gateway with its Lambda, a unit,
 * a kilobyte to the Internet, and a second of waiting with 1,024 MB.
 */
const prices = { call: 4, read: 0.125, write: 0.625, kilobyte: 0.0922, callOut: 13 };

/** What one unit of a rate stands for: a plain call, and as much again for its reads and writes. */
const unitPrice = 8;

/** What a call costs at most, in millionths of a dollar. */
export const priceOf = ({ read = 0, write = 0, kilobytes = 0, callsOut = 0 }: Cost): number =>
  prices.call +
  read * prices.read +
  write * prices.write +
  kilobytes * prices.kilobyte +
  callsOut * prices.callOut;

/** The units that a call takes of its caller's rate: at least 1. */
export const unitsOf = (cost: Cost): number => Math.ceil(priceOf(cost) / unitPrice);
