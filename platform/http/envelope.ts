import { createHash } from "node:crypto";
import type { APIGatewayProxyResult } from "aws-lambda";
import { type Kind, type Refusal, type RefusalCode, refuse } from "../../domain/refusal.ts";
import { corsHeaders } from "./cors.ts";

/** The HTTP status of each kind of refusal. */
export const statusOf: Record<Kind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  changed: 412,
  too_large: 413,
  unsupported: 415,
  key_reused: 422,
  too_many: 429,
  unavailable: 503,
};

/** The first sentence of every failure, by status: the Allmine reference's if it has one. */
export const sentenceOf: Record<number, string> = {
  400: "Validation failed",
  401: "Authentication required",
  403: "Insufficient permissions",
  404: "Resource not found",
  409: "Resource already exists or cannot be changed in its current state",
  412: "Changed meanwhile",
  413: "Request body too large",
  415: "Unsupported media type",
  422: "Idempotency-Key was used with another request",
  429: "Too many requests",
  500: "Internal server error",
  503: "Service temporarily unavailable",
};

/** Allmine's envelope around a success. */
export const success = (statusCode: number, data: unknown, now: Date) => ({
  isSuccess: true,
  statusCode,
  data,
  errors: [],
  timestamp: now.toISOString(),
});

/**
 * Allmine's envelope around a failure, with the failure's code. `details` follow the status's own
 * sentence; `timestamp` is ISO 8601, or a template expression if the response is a template.
 */
export const failure = (
  statusCode: number,
  code: FailureCode,
  timestamp: string,
  details: readonly string[] = [],
) => ({
  isSuccess: false,
  statusCode,
  data: null,
  errors: [sentenceOf[statusCode], ...details],
  timestamp,
  code,
});

/** The code of a failure that is not a refusal. */
export const faultCode = "internal_error";

/** The code of a failure. */
export type FailureCode = RefusalCode | typeof faultCode;

/**
 * The codes of failures outside of functions, by status: the gateway's, and the firewall's 403.
 */
export const outerCodes = {
  400: "request_invalid",
  401: "token_invalid",
  403: "request_blocked",
  404: "route_not_found",
  413: "body_too_large",
  415: "media_type_unsupported",
  429: "too_many_requests",
  500: faultCode,
  503: "unavailable",
} as const satisfies Record<number, FailureCode>;

/** The header that repeats a failure's code; responses in Tencent's form have it nowhere else. */
export const errorCodeHeader = "x-error-code";

/** The headers of every response. */
export function commonHeaders(requestId: string, origin: string | undefined) {
  return {
    "content-type": "application/json; charset=utf-8",
    "x-request-id": requestId,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...corsHeaders(origin),
  };
}

/** The response to a fault: a 500 that reveals nothing. */
export const faultAnswer = (headers: Record<string, string>, now: Date): APIGatewayProxyResult => ({
  statusCode: 500,
  headers: { ...headers, [errorCodeHeader]: faultCode },
  body: JSON.stringify(failure(500, faultCode, now.toISOString())),
});

/** The response to a refusal: its status, the reference's sentence, then the details. */
export function refusalAnswer(
  refusal: Refusal,
  headers: Record<string, string>,
  now: Date,
): APIGatewayProxyResult {
  const statusCode = statusOf[refusal.kind];
  const wait = refusal.retryAfterSeconds;
  const named = { ...headers, [errorCodeHeader]: refusal.code };
  return {
    statusCode,
    headers: wait === undefined ? named : { ...named, "retry-after": String(wait) },
    body: JSON.stringify(failure(statusCode, refusal.code, now.toISOString(), refusal.details)),
  };
}

/** Bytes of the hash in a tag: enough that two versions of one resource never collide. */
const tagBytes = 15;

/**
 * The tag of a response: of `content`, which is the response without parts that differ each time.
 * It is weak, since the gateway may compress the body (RFC 9110, 8.8.3).
 */
export function contentTag(content: string): string {
  const hash = createHash("sha256").update(content).digest().subarray(0, tagBytes);
  return `W/"${hash.toString("base64url")}"`;
}

/** A response that caches may keep, with its tag; without a body (304) if the client has it. */
export function withEtag(
  answer: APIGatewayProxyResult,
  etag: string,
  ifNoneMatch: string | undefined,
): APIGatewayProxyResult {
  const { vary, ...given } = answer.headers as Record<string, string>;
  const varied = vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding`;
  const headers: Record<string, string> = { ...given, vary: varied, etag };
  if (!isKnown(etag, ifNoneMatch)) return { ...answer, headers };
  delete headers["content-type"];
  return { statusCode: 304, headers, body: "" };
}

/**
 * How a handler checks and shows the revisions of what it reads or changes. A revision is a number
 * that differs after each change, such as the milliseconds of `updatedAt`, or one of the values.
 */
export type Revisions = {
  /**
   * Refuses with `changed_meanwhile` if the call's If-Match names another revision. Call it each
   * time after reading the item that the write's condition is about.
   */
  assertRevision: (revision: number) => void;
  /** Sets the revision of the response. */
  showRevision: (revision: number) => void;
};

/** The revisions of a call with this If-Match, if it has one; shown in `headers`. */
export function revisionsOf(headers: Record<string, string>, ifMatch?: string): Revisions {
  return {
    assertRevision(revision) {
      const etag = etagOf(revision);
      if (ifMatch !== undefined && !isKnown(etag, ifMatch)) refuse("changed_meanwhile", { etag });
    },
    showRevision(revision) {
      headers.etag = etagOf(revision);
    },
  };
}

/** A revision of these values: equal values have the same, whatever else of their item changes. */
export function revisionOf(values: object): number {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
  return Number.parseInt(digest.slice(0, 12), 16);
}

const etagOf = (revision: number) => `"${revision}"`;

/**
 * Whether a tag of an If-None-Match or If-Match equals this one, compared weakly; `*` matches any.
 */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
