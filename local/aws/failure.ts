import type { Access } from "./access.ts";

/**
 * A refusal as an AWS endpoint gives it: an HTTP status, the error type that SDKs turn into the
 * exception's name, and a sentence. `body` adds members such as CancellationReasons.
 */
export class AwsFailure extends Error {
  override name = "AwsFailure";
  readonly status: number;
  readonly type: string;
  readonly body: Record<string, unknown>;
  constructor(status: number, type: string, message: string, body: Record<string, unknown> = {}) {
    super(message);
    this.status = status;
    this.type = type;
    this.body = body;
  }
}

/** One request to the endpoint after its caller is known. */
export type AwsRequest = {
  /** Physical function name, or `ovation-runner`. */
  caller: string;
  /** `dynamodb`, `sqs`, `execute-api`, `lambda`, `secretsmanager`, `ssm`, `s3`. */
  service: string;
  operation: string;
  method: string;
  /** Percent-decoded path segments, without the query. */
  path: string[];
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
};

/** What goes back; `body` is bytes or text as it stands. */
export type AwsAnswer = {
  status: number;
  headers?: Record<string, string>;
  body: string | Uint8Array;
};

/** An `application/x-amz-json` request body, which has to be one JSON object. */
export function readJsonBody(request: AwsRequest): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(request.body.toString("utf8") || "{}");
  } catch {
    throw new AwsFailure(400, "SerializationException", "The request body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AwsFailure(400, "SerializationException", "The request body is not a JSON object");
  return value as Record<string, unknown>;
}

/** An answer in the JSON protocols; numbers and text as JSON has them. */
export function answerJson(value: unknown, status = 200): AwsAnswer {
  return answerText(JSON.stringify(value), status);
}

/** An answer in JSON 1.0 that is text already. */
export function answerText(body: string, status = 200): AwsAnswer {
  return { status, headers: { "content-type": "application/x-amz-json-1.0" }, body };
}

/** A request that has been understood, before it is allowed and done. */
type Prepared = {
  access: Access[];
  /** What a fault may be aimed at, as its `keyPrefix` describes. */
  keys(): string[];
  /** Requests in a transaction; 1 otherwise. */
  itemCount: number;
  run(): Promise<AwsAnswer> | AwsAnswer;
};

/** One AWS service: says what a request needs and does it. Throws AwsFailure for a bad request. */
export type Prepare = (request: AwsRequest) => Prepared;
