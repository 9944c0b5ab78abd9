/**
 * An AWS endpoint's refusal: an HTTP status, the error type that SDKs turn into the exception's
 * name, and a sentence. `body` adds fields such as CancellationReasons.
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

/** One request to the endpoint, once its caller is identified. */
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
  /** The body, decoded. */
  text: string;
};

/** The response; `body` is bytes or text, sent unchanged. */
export type AwsAnswer = {
  status: number;
  headers?: Record<string, string>;
  body: string | Uint8Array;
};

/** Parses an `application/x-amz-json` request body, which must be one JSON object. */
export function readJsonBody(request: AwsRequest): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(request.text || "{}");
  } catch {
    throw new AwsFailure(400, "SerializationException", "The request body is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new AwsFailure(400, "SerializationException", "The request body is not a JSON object");
  return value as Record<string, unknown>;
}

/** A response in the JSON protocols. */
export function answerJson(value: unknown, status = 200): AwsAnswer {
  return answerText(JSON.stringify(value), status);
}

/** A response in JSON 1.0 that is text already. */
export function answerText(body: string, status = 200): AwsAnswer {
  return { status, headers: { "content-type": "application/x-amz-json-1.0" }, body };
}

/**
 * One action on one resource that a request needs. `leadingKeys` are the partition key values in
 * the request, which `dynamodb:LeadingKeys` conditions restrict; undefined if it has none.
 */
export type Access = { action: string; resource: string; leadingKeys?: string[] };

/** A request that was parsed, before it is authorized and executed. */
type Prepared = {
  access: Access[];
  /** The keys that a fault's `keyPrefix` is compared with. */
  keys(): string[];
  /** The number of requests in a transaction; 1 otherwise. */
  itemCount: number;
  run(): Promise<AwsAnswer> | AwsAnswer;
};

/**
 * One AWS service: returns a request's permissions and executes it. Throws AwsFailure for an
 * invalid request.
 */
export type Prepare = (request: AwsRequest) => Prepared;
