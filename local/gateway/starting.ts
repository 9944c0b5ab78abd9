import { createHash, randomUUID } from "node:crypto";
import { findHeader, type RestAnswer, type RestRequest } from "./rest-request.ts";
import { answerJson } from "./runner-routes.ts";

/**
 * The response to everything while the system starts: 503 in the API's envelope; for Tencent's
 * clients and engine 200 in Tencent's form; and for browsers, which explicitly accept HTML, a page
 * that says so and reloads each second.
 */
export function answerStarting(request: RestRequest): RestAnswer {
  if (request.path.startsWith("/v4/")) return startingOutcome(100001);
  if (request.path.startsWith("/tencent/")) return startingOutcome(1);
  const accept = findHeader(request, "accept") ?? "";
  const isPerson = /^(GET|HEAD)$/.test(request.method) && /\btext\/html\b/i.test(accept);
  return isPerson ? startingPage() : startingEnvelope();
}

const again: [string, string] = ["Retry-After", "1"];
const anywhere: [string, string] = ["Access-Control-Allow-Origin", "*"];

function startingOutcome(ErrorCode: number): RestAnswer {
  const ErrorInfo = "Service temporarily unavailable, try again";
  return answerJson(200, { ActionStatus: "FAIL", ErrorInfo, ErrorCode }, [anywhere]);
}

function startingEnvelope(): RestAnswer {
  const body = {
    isSuccess: false,
    statusCode: 503,
    data: null,
    errors: ["Service temporarily unavailable"],
    timestamp: new Date().toISOString(),
    code: "unavailable",
  };
  return answerJson(503, body, [again, anywhere]);
}

const style =
  "body{display:grid;place-content:center;min-height:90vh;text-align:center;font-family:system-ui,sans-serif}";

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="1">
<title>Ovation is starting</title>
<style>${style}</style>
<main><h1>Ovation is starting</h1><p>This page comes again by itself.</p></main>
</html>
`;

const styleHash = createHash("sha256").update(style).digest("base64");

const startingPage = (): RestAnswer => ({
  statusCode: 503,
  headers: [
    ["Content-Type", "text/html; charset=utf-8"],
    ["Cache-Control", "no-store"],
    ["Content-Security-Policy", `default-src 'none'; style-src 'sha256-${styleHash}'`],
    ["X-Content-Type-Options", "nosniff"],
    ["X-Request-Id", randomUUID()],
    again,
  ],
  body: Buffer.from(page),
  by: "runner",
});
