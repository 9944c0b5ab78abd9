import { AwsFailure, type AwsRequest } from "./failure.ts";
import { type Iam, runnerCaller } from "./iam.ts";

/** A signed HTTP request to AWS; header names are in lower case. */
export type SignedCall = {
  method: string;
  /** Path and query, percent-encoded. */
  url: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer | string;
};

/** The callers that may sign. */
type Signers = { iam: Pick<Iam, "knows">; runnerSecret: string };

/** Identifies a call's service, operation and caller. Throws an AwsFailure for an unsigned one. */
export function readCall(signers: Signers, { method, url, headers, body }: SignedCall): AwsRequest {
  const { caller, signedService } = readCaller(signers, headers);
  const target = String(headers["x-amz-target"] ?? "");
  const path = splitPath(url);
  const service = findService(target, path) ?? signedService;
  return {
    caller,
    service,
    operation: target.split(".")[1] ?? nameOperation(service, method, url),
    method,
    path,
    // A getter: few calls have a query, and parsing it takes as long as everything else here.
    get query() {
      return new URLSearchParams(url.split("?")[1]);
    },
    headers,
    // Getters: what arrives as text is nearly always read as text, and posts as bytes.
    get body() {
      return typeof body === "string" ? Buffer.from(body) : body;
    },
    get text() {
      return typeof body === "string" ? body : body.toString("utf8");
    },
  };
}

const targets: Record<string, string> = {
  DynamoDB_20120810: "dynamodb",
  DynamoDBStreams_20120810: "dynamodb",
  AmazonSQS: "sqs",
  secretsmanager: "secretsmanager",
};

function findService(target: string, path: string[]): string | undefined {
  const prefix = target.split(".")[0] ?? "";
  if (Object.hasOwn(targets, prefix)) return targets[prefix];
  return path[2] === "@connections" ? "execute-api" : undefined;
}

/** Operations of the services that identify them by method and path. */
const operations: Record<string, string> = {
  "execute-api POST": "PostToConnection",
  "execute-api GET": "GetConnection",
  "execute-api DELETE": "DeleteConnection",
  "lambda POST": "Invoke",
  "s3 PUT": "PutObject",
  "s3 GET": "GetObject",
  "s3 DELETE": "DeleteObject",
  "s3 POST": "DeleteObjects",
};

function nameOperation(service: string, method: string, url: string): string {
  if (service === "s3" && /[?&]list-type=2\b/.test(url)) return "ListObjectsV2";
  return operations[`${service} ${method}`] ?? method;
}

function splitPath(url: string): string[] {
  const path = url.split("?")[0] ?? "";
  try {
    return path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    throw new AwsFailure(400, "ValidationException", "The path is not percent-encoded");
  }
}

const signature = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/;

/**
 * The caller: the access key id is the function's name. The signature is not verified, since
 * everything runs on one machine. Only the runner's id, which has all permissions, needs a session
 * token: the runner's secret.
 */
function readCaller(
  { iam, runnerSecret }: Signers,
  headers: SignedCall["headers"],
): { caller: string; signedService: string } {
  const [, caller = "", signedService = ""] = signature.exec(String(headers.authorization)) ?? [];
  if (caller === "") {
    const message = "Request is not signed";
    throw new AwsFailure(400, "MissingAuthenticationTokenException", message);
  }
  const isTrusted = caller !== runnerCaller || headers["x-amz-security-token"] === runnerSecret;
  if (iam.knows(caller) && isTrusted) return { caller, signedService };
  const message = "The security token included in the request is invalid.";
  throw new AwsFailure(400, "UnrecognizedClientException", message);
}
