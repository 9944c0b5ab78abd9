import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import type { Contract } from "./contract.ts";
import { commonHeaders } from "./envelope.ts";
import { header } from "./request.ts";

/** What is known of a document before it is asked for. */
type Promised = Omit<
  Contract,
  "kind" | "caller" | "shape" | "refusals" | "grants" | "cacheControl"
> & { cacheControl?: string };

/** A document as it goes out, with headers of its own. */
export type Document = { body: string; headers?: Record<string, string> };

/**
 * The sister of `endpoint` for documents that are made with the bundle: public, the same for
 * everybody, and without the table's client, which would be the larger part of the bundle. `make`
 * is called once.
 */
export function document<const C extends Promised>(promise: C, make: () => Document) {
  const contract = {
    kind: "endpoint",
    caller: "anyone",
    shape: "bare",
    refusals: [],
    grants: {},
    ...promise,
  } as const;
  let made: Document | undefined;

  async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    made ??= make();
    const headers: Record<string, string> = {
      ...commonHeaders(event.requestContext.requestId, header(event, "origin")),
      ...made.headers,
    };
    if (promise.mediaType !== undefined) headers["content-type"] = promise.mediaType;
    if (promise.cacheControl !== undefined) headers["cache-control"] = promise.cacheControl;
    return { statusCode: 200, headers, body: made.body };
  }

  return { contract, handler };
}
