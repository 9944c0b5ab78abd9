import type { TransportAnswer } from "./aws-client.ts";

/** The metadata of an error, which fault logs show. */
type Metadata = {
  httpStatusCode: number;
  requestId: string | undefined;
  attempts?: number;
  totalRetryDelay?: number;
};

/** The body of a response: one JSON object. */
export type Body = Record<string, unknown>;

/** The metadata of a failed response, as the SDK reports it. */
const metadataOf = ({ status, headers }: TransportAnswer): Metadata => ({
  httpStatusCode: status,
  requestId:
    headers["x-amzn-requestid"] ?? headers["x-amzn-request-id"] ?? headers["x-amz-request-id"],
});

/** An error that the service reported. */
class ServiceException extends Error {
  $fault: "client" | "server";
  $metadata: Metadata;

  constructor(name: string, message: string, $metadata: Metadata) {
    super(message);
    this.name = name;
    this.$fault = $metadata.httpStatusCode < 500 ? "client" : "server";
    this.$metadata = $metadata;
  }
}

/**
 * The body of a successful response. Otherwise throws a `ServiceException`, named as in the SDK,
 * with every member of the body; or a `SyntaxError` with `$metadata` if the body is not JSON.
 */
export function readAnswer(answer: TransportAnswer): Body {
  const body = parse(answer);
  if (answer.status < 300) return body;
  const metadata = metadataOf(answer);
  const { message, Message, ...members } = body;
  const text = typeof message === "string" ? message : Message;
  const error = new ServiceException(
    nameOf(body, answer.headers),
    typeof text === "string" && text !== "" ? text : "UnknownError",
    metadata,
  );
  for (const [name, value] of Object.entries(members))
    if (!(name in error)) add(error, name, value);
  throw error;
}

const add = (error: object, name: string, value: unknown) =>
  Object.defineProperty(error, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });

function parse(answer: TransportAnswer): Body {
  if (answer.body === "") return {};
  try {
    return JSON.parse(answer.body) as Body;
  } catch (error) {
    throw Object.assign(error as SyntaxError, { $metadata: metadataOf(answer) });
  }
}

/**
 * The name of an error: `com.amazonaws.dynamodb.v20120810#ThrottlingException`, with or without its
 * prefix, from the body or a header.
 */
function nameOf(body: Body, headers: Record<string, string>): string {
  const raw = body.__type ?? body.code ?? body.Code ?? headers["x-amzn-errortype"] ?? "Unknown";
  const name = String(raw).split(",")[0]!.split(":")[0]!;
  return name.includes("#") ? name.split("#")[1]! : name;
}
