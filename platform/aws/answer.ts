import type { TransportAnswer } from "./transport.ts";

/** What an answer says besides its body. */
export type Metadata = {
  httpStatusCode: number;
  requestId: string | undefined;
  extendedRequestId: string | undefined;
  cfId: string | undefined;
  attempts?: number;
  totalRetryDelay?: number;
  clockSkewCorrected?: boolean;
};

/** The body of an answer: one object of JSON. */
export type Body = Record<string, unknown>;

/** The metadata of an answer, as the SDK tells it. */
export const metadataOf = ({ status, headers }: TransportAnswer): Metadata => ({
  httpStatusCode: status,
  requestId:
    headers["x-amzn-requestid"] ?? headers["x-amzn-request-id"] ?? headers["x-amz-request-id"],
  extendedRequestId: headers["x-amz-id-2"],
  cfId: headers["x-amz-cf-id"],
});

/** A refusal or a fault that the service reported. */
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
 * The body of an answer that is a success. Throws a `ServiceException` when it is not one, named as
 * the SDK names it, with every member that the body has; a `SyntaxError` when the body is not JSON,
 * with `$metadata` too.
 */
export function readAnswer(answer: TransportAnswer): Body {
  const body = parse(answer);
  if (answer.status < 300) return body;
  const metadata = metadataOf(answer);
  const { message, Message, ...members } = body;
  const told = typeof message === "string" ? message : Message;
  const error = new ServiceException(
    nameOf(body, answer.headers),
    typeof told === "string" && told !== "" ? told : "UnknownError",
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
 * The name of what went wrong: `com.amazonaws.dynamodb.v20120810#ThrottlingException`, with or
 * without what stands before it, in the body or in a header.
 */
function nameOf(body: Body, headers: Record<string, string>): string {
  const raw = body.__type ?? body.code ?? body.Code ?? headers["x-amzn-errortype"] ?? "Unknown";
  const name = String(raw).split(",")[0]!.split(":")[0]!;
  return name.includes("#") ? name.split("#")[1]! : name;
}
