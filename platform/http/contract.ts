import type * as z from "zod";
import type { RateKind } from "../../domain/rate.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Caller, CallerKind } from "../auth/caller.ts";
import type { Grants, Resources } from "../lambda/grants.ts";
import type { KeyState } from "../table/idempotency.ts";
import type { Tag } from "./tags.ts";

/** The version of both descriptions (semantic): the major version is that of `/api/v1`. */
export const apiVersion = "1.0.0";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** Reads a body sent as multipart/form-data (RFC 7578), with this content type. */
type FormReader = (
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
) => Promise<Record<string, unknown>>;

/**
 * What a key remembers, if that is not the whole response. `keep` drops what may have to be deleted
 * later, `recall` builds the response from current data (default: what was kept). If the key is
 * marked before the effect is written, `finish` writes it for a call that may have died in between;
 * `body` is the request's. These are methods, so that a route may name its own types.
 */
type ReplayRules = {
  keep(answer: unknown): unknown;
  recall?(kept: unknown, now: Date): Promise<KeyState>;
  finish?(kept: unknown, body: unknown): Promise<KeyState>;
};

/**
 * The largest cost of one call of a route, with the fullest items that its callers can create:
 * `test/platform/costs.test.ts` calls each of them and fails above it. Later work caused by a call
 * (a frame, a settlement) is not included.
 */
export type Cost = {
  /** Read and write request units of the table. */
  read?: number;
  write?: number;
  /** UTF-8 kilobytes of the response body, before compression. */
  kilobytes?: number;
  /** Calls to other hosts that the function waits for. */
  callsOut?: number;
};

/**
 * The contract of one HTTP endpoint. Validation, types, the route, its authorizer, its IAM grants
 * and its entry in the OpenAPI document are derived from it.
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
  /** Sends the response without Allmine's envelope. */
  isBare?: true;
  path?: z.ZodObject;
  query?: z.ZodObject;
  /** Query parameters that may be given more than once: lists, joined by commas. */
  lists?: readonly string[];
  body?: z.ZodType;
  /** Whether a call may omit the body, which is then an object without fields. */
  isBodyOptional?: true;
  /** Reads a body as a form (`multipart()`) or as JSON; without it, only JSON is accepted. */
  form?: FormReader;
  /** Like `form`, for a body that always has a file, so that JSON is never accepted. */
  formOnly?: FormReader;
  /** Status and schema of a success; 204 has no body. */
  answer: readonly [status: 200 | 201 | 204, schema: z.ZodType];
  /** The content type of a bare response that is not JSON. */
  mediaType?: string;
  /**
   * The Cache-Control of a success, which may depend on the caller. Default: no-store. `public`
   * responses have an ETag.
   */
  cacheControl?: string | ((callerId?: string) => string | undefined);
  /**
   * Whether the resource has revisions: a response's ETag identifies its revision, and a change
   * with another If-Match is refused.
   */
  hasRevisions?: true;
  /** Every refusal beyond those that any request can meet (validation, token, limits). */
  refusals?: readonly RefusalCode[];
  /** The largest cost of a call, which decides how many units of its caller's rate it takes. */
  cost: Cost;
  grants: Grants;
  /**
   * The kind of rate that a call counts against, which may depend on the caller. Default: `reads`
   * for GET, `writes` for all others.
   */
  rate?: RateKind | ((caller: Caller) => RateKind);
  /** The stages that have this route. Default: all. */
  stage?: "purchases";
  /** Every POST takes an Idempotency-Key; `required` refuses a call without one. */
  idempotencyKey?: "required";
  /** What a key remembers of a response. Default: all of it. */
  replay?: ReplayRules;
} & Resources;

/** Every POST takes an Idempotency-Key, and no other method does. */
export const takesIdempotencyKey = ({ route }: Pick<Contract, "route">) =>
  route.startsWith("POST ");

/** Whether a call may name the revision that it wants to change. */
export const takesIfMatch = ({ route, hasRevisions }: Pick<Contract, "route" | "hasRevisions">) =>
  hasRevisions === true && !route.startsWith("GET ");

/** Whether the body of a call is read: in GET and DELETE it has no meaning (RFC 9110, 9.3). */
export const mayHaveBody = ({ route }: Pick<Contract, "route">) => !/^(GET|DELETE) /.test(route);

/** The parts of a contract that decide how its calls may fail. */
type Failable = Pick<Contract, "route" | "caller" | "refusals" | "hasRevisions">;

/**
 * The codes of all refusals that a call can meet, in the order of checks. Both the functions and
 * the API description use this list.
 */
export function codesOf(contract: Failable): RefusalCode[] {
  const { caller, refusals = [] } = contract;
  const codes: RefusalCode[] = [
    // A parameter that is given twice is invalid on every route.
    "request_invalid",
    ...only(caller !== "anyone", "token_invalid"),
    ...only(caller === "admin" || caller === "service", "role_missing"),
    ...refusals,
    "body_too_large",
    ...only(mayHaveBody(contract), "media_type_unsupported"),
    ...only(takesIdempotencyKey(contract), "key_reused", "key_in_progress"),
    ...only(takesIfMatch(contract), "changed_meanwhile"),
    ...(["request_blocked", "too_many_requests", "unavailable"] as const),
  ];
  return [...new Set(codes)];
}

const only = (is: boolean, ...codes: RefusalCode[]) => (is ? codes : []);

/** The kind of rate that a call of this caller counts against. */
export function rateOf(
  { rate, route }: Pick<Contract, "rate" | "route">,
  caller: Caller,
): RateKind {
  if (typeof rate === "function") return rate(caller);
  return rate ?? (route.startsWith("GET ") ? "reads" : "writes");
}

/** The method and the path of a route. */
export function methodAndPath(contract: Pick<Contract, "route">): [Method, string] {
  return contract.route.split(" ") as [Method, string];
}

/** The contract of a public function that returns bytes, below the path of its own API. */
export type DownloadContract = {
  kind: "download";
  /** A path such as `/{id}` of `/pictures/{id}`. */
  path: `/{${string}}`;
  summary: string;
  tag: Tag;
  /** The form of the names of large files, whose reads the firewall counts apart. */
  largeNames: string;
  grants: Grants;
} & Resources;

/**
 * Millionths of a dollar at list prices (us-east-1): a gateway call with its Lambda, a unit, a
 * kilobyte to the Internet, and a second of waiting with 1,024 MB.
 */
const prices = { call: 4, read: 0.125, write: 0.625, kilobyte: 0.0922, callOut: 13 };

/** The price of one unit of a rate: a plain call, plus the same again for its reads and writes. */
const unitPrice = 8;

/** The largest cost of a call, in millionths of a dollar. */
export const priceOf = ({ read = 0, write = 0, kilobytes = 0, callsOut = 0 }: Cost): number =>
  prices.call +
  read * prices.read +
  write * prices.write +
  kilobytes * prices.kilobyte +
  callsOut * prices.callOut;

/** The units of its caller's rate that a call takes: at least 1. */
export const unitsOf = (cost: Cost): number => Math.ceil(priceOf(cost) / unitPrice);
