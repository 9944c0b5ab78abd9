import { type RefusalCode, refusals } from "../domain/refusal.ts";
import { faultCode, sentenceOf, statusOf } from "../platform/http/envelope.ts";
import { codeOf, crash } from "../platform/tencent/codes.ts";
import { adviceOf } from "./error-advice.ts";

const codes = Object.keys(refusals) as RefusalCode[];

/** As much of the OpenAPI document's paths as tells where a code is met. */
type Paths = Record<string, Record<string, { "x-error-codes"?: string[] }>>;

const begin = `# Errors

Every refusal has a **code**, which stays the same when a sentence changes: go by it, and show
people the sentences. \`npm run documents\` makes this page from the list of refusals in the code.

| where | the code is | the sentences are |
| --- | --- | --- |
| HTTP | the header \`x-error-code\` | \`errors\`, the first of which belongs to the status |
| WebSocket | \`code\` of an \`error\` or \`unsubscribed\` | \`errors\` |
| [client](../client/README.md) | \`error.code\` of an \`OvationError\` | \`error.errors\` |
| Tencent's side | the header \`x-error-code\`, and [a number](#tencents-side) in \`ErrorCode\` | \`ErrorInfo\` |

\`/docs\` names the codes of each operation. What a code asks of a client:

* **4xx but 429: nothing was done**, and the same request fails again until something else has
  changed.
* **429, 503: repeat it** after \`Retry-After\`, with the same \`Idempotency-Key\`; slow mode alone is
  the person's to repeat.
* **5xx, or no answer at all: it is not known** whether it was done. A repeat with the same key
  tells, and does nothing twice. A call without a key that changes something is read anew first.
* **No \`x-error-code\`**: the gateway answered before any function did, as it does with 401 to a
  token that is no good. Go by the status.

The client of \`client/\` does the second and the third by itself.
`;

/** A sentence with its facts left open. */
const opened = (says: string) => says.replaceAll(/\{\w+\}/g, "…");

function rowOf(code: RefusalCode): string {
  const [does, means = opened(refusals[code].says)] = adviceOf[code];
  return `| <a id="${code}"></a>\`${code}\` | ${means} | ${does} |`;
}

const columns = `| code | means | a client |
| --- | --- | --- |`;

const fault = `| <a id="${faultCode}"></a>\`${faultCode}\` | A mistake of ours; it is logged with the answer's \`x-request-id\` | Repeat it a few times, ever more slowly, with the same \`Idempotency-Key\`; then tell the operator that id |`;

function partOf(status: number, rows: readonly string[]): string {
  return `
## ${status}: ${sentenceOf[status]}

${columns}
${rows.join("\n")}
`;
}

/** The codes that Tencent's commands and callbacks can be refused by. */
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

/** Tencent's side: its numbers, and the codes that only it has. */
function tencentPart({ met, alone }: ReturnType<typeof codesOfTencent>): string {
  const numbers = [...Map.groupBy(met, (code) => codeOf(code))]
    .sort(([a], [b]) => a - b)
    .map(([number, stood]) => {
      const names = stood.map((code) => `[\`${code}\`](#${code})`);
      if (number === crash.ErrorCode) names.push(`[\`${faultCode}\`](#${faultCode})`);
      return `| ${number} | ${names.join(", ")} |`;
    });
  return `
## Tencent's side

HTTP says 200 there, whatever happened; \`ErrorCode\` has Tencent's own number, which may stand for several codes. What
\`Live.CallbackBeforeSendGift\` is answered is [told elsewhere](moving-from-tencent.md#what-tencent-is-answered).

| ErrorCode | stands for |
| --- | --- |
| 0 | done |
${numbers.join("\n")}

Some codes are met there alone:

${columns.replace("a client", "the caller")}
${[...alone].map(rowOf).join("\n")}
`;
}

/**
 * docs/errors.md: each code with its status, what it means and what a client does about it. Says
 * by the described paths which codes are of Tencent's side alone.
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
