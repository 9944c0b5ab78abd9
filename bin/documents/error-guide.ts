import { type RefusalCode, refusals } from "../../domain/refusal.ts";
import { faultCode, sentenceOf, statusOf } from "../../platform/http/envelope.ts";
import { codeOf, internalError } from "../../platform/tencent/codes.ts";
import { adviceOf } from "./error-advice.ts";

const codes = Object.keys(refusals) as RefusalCode[];

/** The part of the OpenAPI document's paths that lists the codes of each operation. */
type Paths = Record<string, Record<string, { "x-error-codes"?: string[] }>>;

const begin = `# Errors

Every refusal has a stable **code**, and sentences that may change: use the code in your program,
and show the sentences to users. \`npm run documents\` generates this page from the source code.

| API | code | sentences |
| --- | --- | --- |
| HTTP | \`code\` in the body, and the header \`x-error-code\` | \`errors\`; the first is the general sentence of the status |
| WebSocket | \`code\` of an \`error\`; an \`unsubscribed\` has a \`reason\` instead | \`errors\` |
| [client](../client/README.md) | \`error.code\` of an \`OvationError\` | \`error.errors\` |
| Tencent API | the header \`x-error-code\`, and [a number](#tencent-api) in \`ErrorCode\` | \`ErrorInfo\` |

\`/docs\` lists the codes of each operation. What a client should do:

* **4xx except 429: nothing was done**, and the same request fails again until something else
  changes. The exception is 409 \`key_in_progress\`: the first call with the key still runs. Retry
  after \`Retry-After\` to get its outcome.
* **429, 503: retry** after \`Retry-After\`, with the same \`Idempotency-Key\`. In slow mode, let
  the user retry.
* **5xx, or no response: the outcome is unknown.** Retry with the same key: you get the outcome, and
  nothing is done twice. Without a key, read the current state before you repeat a change.
* **No \`x-error-code\`**: the gateway refused the request before any function ran, for example with
  401 for an invalid token. The body still has a \`code\`.

The [client](../client/README.md) retries automatically after 429 (except in slow mode), 503, other
5xx, a missing response and \`key_in_progress\`, unless \`Retry-After\` is more than 30 s.
`;

/** A sentence with its placeholders replaced by an ellipsis. */
const opened = (says: string) => says.replaceAll(/\{\w+\}/g, "…");

function rowOf(code: RefusalCode): string {
  const [does, means = opened(refusals[code].sentence)] = adviceOf[code];
  return `| <a id="${code}"></a>\`${code}\` | ${means} | ${does} |`;
}

const columns = `| code | meaning | what a client does |
| --- | --- | --- |`;

const fault = `| <a id="${faultCode}"></a>\`${faultCode}\` | A bug in Ovation, or a fault of its table that lasted; it is logged with the response's \`x-request-id\` | Retry a few times with increasing delays and the same \`Idempotency-Key\`; then report that id to the operator |`;

function partOf(status: number, rows: readonly string[]): string {
  return `
## ${status}: ${sentenceOf[status]}

${columns}
${rows.join("\n")}
`;
}

/** The codes with which Tencent's commands and callbacks can be refused. */
function codesOfTencent(paths: Paths) {
  const isTencent = (path: string) => /^\/(v4|tencent)\//.test(path);
  const met = (wanted: boolean) =>
    new Set(
      Object.entries(paths)
        .filter(([path]) => isTencent(path) === wanted)
        .flatMap(([, item]) => Object.values(item))
        .flatMap((operation) => operation["x-error-codes"] ?? []),
    );
  const [there, elsewhere] = [met(true), met(false)];
  return {
    met: codes.filter((code) => there.has(code)),
    alone: new Set(codes.filter((code) => there.has(code) && !elsewhere.has(code))),
  };
}

/** The part about Tencent's API: its numbers, and the codes that only it has. */
function tencentPart({ met, alone }: ReturnType<typeof codesOfTencent>): string {
  const numbers = [...Map.groupBy(met, (code) => codeOf(code))]
    .sort(([a], [b]) => a - b)
    .map(([number, stood]) => {
      const names = stood.map((code) => `[\`${code}\`](#${code})`);
      if (number === internalError.ErrorCode) names.push(`[\`${faultCode}\`](#${faultCode})`);
      return `| ${number} | ${names.join(", ")} |`;
    });
  return `
## Tencent API

The HTTP status is always 200; \`ErrorCode\` is Tencent's number, which may stand for several codes. For
\`Live.CallbackBeforeSendGift\` see [its answers](moving-from-tencent.md#responses-to-tencent).

| ErrorCode | codes |
| --- | --- |
| 0 | success |
${numbers.join("\n")}

Codes that only the Tencent API has:

${columns.replace("a client", "the caller")}
${[...alone].map(rowOf).join("\n")}
`;
}

/**
 * Generates docs/errors.md: each code with its status, its meaning and what a client should do. The
 * paths show which codes only the Tencent API has.
 */
export function errorGuide(paths: Paths): string {
  const tencent = codesOfTencent(paths);
  const others = codes.filter((code) => !tencent.alone.has(code));
  const byStatus = Map.groupBy(others, (code) => statusOf[refusals[code].kind]);
  const rows = new Map([...byStatus].map(([status, members]) => [status, members.map(rowOf)]));
  rows.set(500, [fault]);
  const parts = [...rows].sort(([a], [b]) => a - b).map(([status, lines]) => partOf(status, lines));
  return `${begin}${parts.join("")}${tencentPart(tencent)}`;
}
