import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { Refusal } from "../../domain/refusal.ts";
import { BoundedMap } from "../runtime/caches.ts";
import { addressOf } from "./address.ts";
import type { Contract } from "./contract.ts";
import { commonHeaders, contentTag, refusalAnswer, withEtag } from "./envelope.ts";
import { answerUnknownRoute, hasTrailingSlash, header, readQuery } from "./request.ts";

/** The declared properties of a document. */
type Declaration = Omit<
  Contract,
  "kind" | "caller" | "isBare" | "refusals" | "grants" | "cacheControl"
> & { cacheControl?: string };

/** A document as it is sent, with its own headers. */
export type Document = { body: string; headers?: Record<string, string> };

/** The number of addresses for which a built document is cached: an API has one or two. */
const keptMax = 10;

/**
 * The counterpart of `endpoint` for documents that are built with the bundle: public, the same for
 * everyone, and without the table's client, which would be most of the bundle. `make` is called
 * once for each address at which the API is called (`addressOf`).
 */
export function document<const C extends Declaration>(
  declaration: C,
  make: (address: string | undefined) => Document,
) {
  const contract = {
    kind: "endpoint",
    caller: "anyone",
    isBare: true,
    grants: {},
    ...declaration,
  } as const;
  const documents = new BoundedMap<string | undefined, Document & { etag: string }>(keptMax);

  function build(address: string | undefined) {
    const built = make(address);
    return { ...built, etag: contentTag(built.body) };
  }

  function documentAt(address: string | undefined) {
    const made = documents.get(address) ?? build(address);
    documents.set(address, made);
    return made;
  }

  async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
    if (hasTrailingSlash(event)) return answerUnknownRoute(event);
    const common = commonHeaders(event.requestContext.requestId, header(event, "origin"));
    try {
      readQuery(event);
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error, common, new Date());
      throw error;
    }
    const made = documentAt(addressOf(event));
    const headers: Record<string, string> = { ...common, ...made.headers };
    if (declaration.mediaType !== undefined) headers["content-type"] = declaration.mediaType;
    if (declaration.cacheControl !== undefined) headers["cache-control"] = declaration.cacheControl;
    const answer = { statusCode: 200, headers, body: made.body };
    return withEtag(answer, made.etag, header(event, "if-none-match"));
  }

  return { contract, handler };
}
