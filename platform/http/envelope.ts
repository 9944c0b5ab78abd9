import type { APIGatewayProxyResult } from "aws-lambda";
import type { Kind, Refusal } from "../../domain/refusal.ts";
import { setting } from "../env.ts";

/** The one map from kinds of refusals to HTTP statuses. */
export const statusOf: Record<Kind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  missing: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 415,
  key_reused: 422,
  too_many: 429,
  unavailable: 503,
};

/** The first sentence of every failure, by status: the Allmine reference's where it has one. */
export const sentenceOf: Record<number, string> = {
  400: "Validation failed",
  401: "Authentication required",
  403: "Insufficient permissions",
  404: "Resource not found",
  409: "Resource already exists or cannot be changed in its current state",
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

/** Allmine's envelope around a failure; `details` follow the status's own sentence. */
export const failure = (statusCode: number, details: readonly string[], now: Date) => ({
  isSuccess: false,
  statusCode,
  data: null,
  errors: [sentenceOf[statusCode], ...details],
  timestamp: now.toISOString(),
});

/** Headers that a browser may read besides the safelisted ones. */
export const exposedHeaders = "x-request-id, x-error-code, retry-after, idempotency-replayed";

/** The header by which a failure names itself: the refusal's code, or that it was our fault. */
export const errorCodeHeader = "x-error-code";

/** What a failure that is no refusal calls itself. */
export const faultCode = "internal_error";

/** The origin to answer to: everybody's, the caller's if it is listed, or none. */
function allowedOrigin(origin: string | undefined): Record<string, string> {
  const origins = setting("ORIGINS");
  if (origins.includes("*")) return { "access-control-allow-origin": "*" };
  if (origin === undefined || !origins.includes(origin)) return { vary: "Origin" };
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

/** The headers of every answer. */
export function commonHeaders(requestId: string, origin: string | undefined) {
  return {
    "content-type": "application/json; charset=utf-8",
    "x-request-id": requestId,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...allowedOrigin(origin),
    "access-control-expose-headers": exposedHeaders,
  };
}

/** The answer to a refusal: its status, the reference's sentence, then what exactly is wrong. */
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
    body: JSON.stringify(failure(statusCode, refusal.details, now)),
  };
}
