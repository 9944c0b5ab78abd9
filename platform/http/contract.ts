import type * as z from "zod";
import type { RateKind } from "../../domain/rate.ts";
import type { RefusalCode } from "../../domain/refusal.ts";
import type { Caller } from "../caller.ts";
import type { Grants, Resources } from "../grants.ts";
import type { Recalled } from "../table/idempotency.ts";

/** Who may call: `optional` takes anonymous calls, but a bad token is still refused. */
type CallerKind = "anyone" | "optional" | "user" | "service" | "admin";

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A body whose fields came as multipart/form-data (RFC 7578) or as JSON. */
type BodyForm = "json" | "multipart";

/** What the text of a form's field stands for, where that is not text. */
export type FormFieldKind = "number" | "json";

/**
 * What a key remembers, where that is not the whole answer. `keep` leaves out what may have to be
 * forgotten, `recall` makes the answer from what is there now (default: it is what was kept). Where
 * the key is marked before the effect is written, `finish` writes for a call that may have died in
 * between: `body` is the request's.
 */
type Memory = {
  keep: (answer: never) => unknown;
  recall?: (kept: never, now: Date) => Promise<Recalled>;
  finish?: (kept: never, body: never) => Promise<Recalled>;
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
  says: string;
  /** The heading under which the reference lists it. */
  tag: string;
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
  accepts?: readonly BodyForm[];
  /** Fields that are not text, for a body that comes as a form. */
  form?: Readonly<Record<string, FormFieldKind>>;
  /** Status and schema of a success; 204 has no body. */
  answer: readonly [status: 200 | 201 | 204, schema: z.ZodType];
  /** The content type of a bare answer that is not JSON. */
  mediaType?: string;
  /**
   * The Cache-Control of a success, which may depend on the answer and on who asks. Default:
   * no-store. What is `public` has an ETag.
   */
  cacheControl?: string | ((answer: never, callerId?: string) => string | undefined);
  /** Every refusal beyond those that any request can meet (validation, token, limits). */
  refusals: readonly RefusalCode[];
  grants: Grants;
  /**
   * What a call counts as against its caller's rates, which may depend on who calls. Default: `reads`
   * for a GET, `writes` for all others.
   */
  rate?: RateKind | ((caller: Caller) => RateKind);
  /** The stages that have this route. Default: all. */
  stage?: "purchases";
  /** A POST that answers 201 takes an Idempotency-Key; `required` refuses a call without one. */
  idempotencyKey?: "required";
  /** What a key remembers of an answer. Default: all of it. */
  memory?: Memory;
} & Resources;

/** A POST that creates, which is one that answers 201, takes an Idempotency-Key. */
export const takesKey = (contract: Contract) =>
  contract.route.startsWith("POST ") && contract.answer[0] === 201;

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
  says: string;
  tag: string;
  grants: Grants;
} & Resources;
