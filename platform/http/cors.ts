import { setting } from "../runtime/env.ts";

/** How many seconds a browser caches a preflight: two hours, the browsers' maximum. */
export const preflightSeconds = 7200;

/** Request headers that a browser may send: our own, and those of Allmine's clients. */
export const allowedHeaders = [
  "Authorization",
  "Content-Type",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "X-Language",
  "X-Timezone",
  "X-Platform",
  "X-App-Version",
  "X-Device-ID",
].join(", ");

/** Headers that a browser may read besides the safelisted ones. */
export const exposedHeaders = [
  "x-request-id",
  "x-error-code",
  "retry-after",
  "idempotency-replayed",
  "etag",
  "ratelimit",
  "ratelimit-policy",
].join(", ");

/** The CORS origin to allow: any, the caller's if it is listed, or none. */
function allowedOrigin(origin: string | undefined): Record<string, string> {
  const origins = setting("ORIGINS");
  if (origins.includes("*")) return { "access-control-allow-origin": "*" };
  if (origin === undefined || !origins.includes(origin)) return { vary: "Origin" };
  return { "access-control-allow-origin": origin, vary: "Origin" };
}

/** The CORS headers of a response to a page of this origin. */
export const corsHeaders = (origin: string | undefined): Record<string, string> => ({
  ...allowedOrigin(origin),
  "access-control-expose-headers": exposedHeaders,
});
