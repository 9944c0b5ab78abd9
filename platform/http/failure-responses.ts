import * as z from "zod";
import { refusals } from "../../domain/refusal.ts";
import { rowsOf, shownText } from "../../domain/text.ts";
import { headerBytesMax, refTo } from "./answer-headers.ts";
import { type Contract, codesOf } from "./contract.ts";
import { errorCodeHeader, faultCode, sentenceOf, statusOf } from "./envelope.ts";
import { sentencesMax } from "./request.ts";

/** Failures of one status: their sentences beyond the status's own, and their codes. */
type Failing = { sentences: readonly string[]; codes: readonly string[] };

const statusOfFault = 500;
/** The longest sentence, in characters: it may quote the URL of the call. */
export const sentenceMax = headerBytesMax + 1000;

/** Statuses of failures that may pass, whose responses say when to retry. */
const retryable = [409, 429, 503];
/** The schema of every failure. */
const Failure = z
  .object({
    isSuccess: z.literal(false),
    statusCode: z.number().int(),
    data: z.null(),
    errors: rowsOf(shownText(sentenceMax), 1 + sentencesMax)
      .min(1)
      .meta({
        description: "First the general sentence of the status, then one sentence per problem",
      }),
    timestamp: shownText(40).meta({
      description: "ISO 8601; API Gateway's request time if the gateway itself refused the request",
    }),
    code: shownText(50).meta({
      description: "The code of the failure, one of the operation's `x-error-codes`",
    }),
  })
  .meta({ id: "Failure" });

/** The descriptions of an operation's failures, by status. */
export const failureResponsesOf = (contract: Contract) =>
  Object.fromEntries(
    failuresOf(contract).map(([status, failing]) => [
      status,
      isPlain(status, failing)
        ? { $ref: `#/components/responses/${plainName(status)}` as const }
        : failureResponse(status, failing),
    ]),
  );

/** The component name of a failure that operations without further details share. */
const plainName = (status: number) => `Failure${status}`;

/** The failures that every call with a token can have, by status. */
const plain = new Map(failuresOf({ route: "GET /", caller: "user" }));

const isPlain = (status: number, { codes }: Failing) =>
  plain.get(status)?.codes.join() === codes.join();

/** The failures that all operations without further details share. */
export const plainFailures = () =>
  Object.fromEntries(
    [...plain].map(([status, failing]) => [plainName(status), failureResponse(status, failing)]),
  );

/** The description of a failure: its sentence, and further ones with the codes behind them. */
export function failureResponse(status: number, { sentences, codes }: Partial<Failing> = {}) {
  const says = sentenceOf[status] ?? "";
  const example = {
    isSuccess: false as const,
    statusCode: status,
    data: null,
    errors: [says, ...(sentences ?? []).slice(0, 1)],
    timestamp: "2026-01-15T10:30:00.000Z",
    code: codes?.[0] ?? faultCode,
  };
  const description = [says, ...(sentences ?? []).map((sentence) => `- ${sentence}`)].join("\n");
  const names = {
    type: "string" as const,
    maxLength: 50,
    ...(codes && codes.length > 0 && { enum: [...codes] }),
  };
  const headers = {
    "x-request-id": refTo("x-request-id"),
    [errorCodeHeader]: { description: "The error code", schema: names },
    ...(retryable.includes(status) && { "retry-after": refTo("retry-after") }),
    ...(status === 429 && {
      "ratelimit-policy": refTo("ratelimit-policy"),
      ratelimit: refTo("ratelimit"),
    }),
  };
  return { description, headers, content: { "application/json": { schema: Failure, example } } };
}

/** The failures of an endpoint by status, each with the sentences and codes of its refusals. */
function failuresOf(contract: Parameters<typeof codesOf>[0]): [status: number, Failing][] {
  const failures = new Map<number, Failing>([
    [statusOfFault, { sentences: [], codes: [faultCode] }],
  ]);
  for (const code of codesOf(contract)) {
    const { kind, sentence: text } = refusals[code];
    const { sentences, codes } = failures.get(statusOf[kind]) ?? { sentences: [], codes: [] };
    const sentence = text.replace(/^\{problem\}$/, "").replace("{role}", contract.caller);
    const isNew = sentence !== "" && !sentences.includes(sentence);
    failures.set(statusOf[kind], {
      sentences: isNew ? [...sentences, sentence] : sentences,
      codes: [...codes, code],
    });
  }
  return [...failures].sort(([a], [b]) => a - b);
}
