import { type Contract, takesIdempotencyKey } from "./contract.ts";

/** The most bytes of request headers that API Gateway accepts. */
export const headerBytesMax = 10_240;

const text = { type: "string" as const, maxLength: 200 };

/** Response headers beyond those that describe the body, by name. */
export const answerHeaders = {
  "x-request-id": {
    description: "Identifies the request in the stage's logs",
    schema: text,
    example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
  },
  "retry-after": {
    description: "Seconds to wait before retrying",
    schema: { type: "integer" as const, minimum: 1 },
    example: 1,
  },
  "idempotency-replayed": {
    description:
      "Present if this is the stored response of an earlier request with the same " +
      "Idempotency-Key",
    schema: { type: "string" as const, const: "true" },
  },
  etag: {
    description: "The current version, for `If-None-Match` or for `If-Match` in an update",
    schema: text,
    example: '"7"',
  },
  "ratelimit-policy": {
    description:
      "The kind of call, its quota in units (`q`), and the seconds in which the quota " +
      "refills (`w`); failures of a call with a valid token have it too",
    schema: text,
    example: '"reads";q=40;w=2',
  },
  ratelimit: {
    description:
      "The remaining units (`r`, may be some seconds old) and the seconds until the " +
      "quota is full (`t`); failures of a call with a valid token have it too",
    schema: text,
    example: '"reads";r=39;t=1',
  },
} as const;

export type AnswerHeader = keyof typeof answerHeaders;

/** A reference to a header in the document. */
export const refTo = (name: AnswerHeader) => ({ $ref: `#/components/headers/${name}` as const });

/** The headers of an endpoint's success. */
export function headersOfSuccess(contract: Contract) {
  const { caller, cacheControl, hasRevisions } = contract;
  const names: AnswerHeader[] = [
    "x-request-id",
    ...(caller === "anyone" ? [] : (["ratelimit-policy", "ratelimit"] as const)),
    ...(cacheControl === undefined && !hasRevisions ? [] : (["etag"] as const)),
    ...(takesIdempotencyKey(contract) ? (["idempotency-replayed"] as const) : []),
  ];
  return Object.fromEntries(names.map((name) => [name, refTo(name)]));
}
