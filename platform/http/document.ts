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

/** A page of `web/docs` as it is built: one file, and the policy for its parts. */
export type BuiltPage = { html: string; policy: string };

/** A built page as a document, filled in by `fill`. */
export const pageOf = ({ html, policy }: BuiltPage, fill = (text: string) => text): Document => ({
  body: fill(html),
  headers: { "content-security-policy": policy, "referrer-policy": "no-referrer" },
});

/** Replaced by `bin/build/build.ts` with the page for addresses without one. */
declare const MISSING_PAGE: BuiltPage;

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
    if (hasTrailingSlash(event)) return answerUnknownPage(event);
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

/** The most folders of a mistyped address that gets a page, whose links repeat `../` for each. */
const foldersMax = 10;

/**
 * The response to a request for an unknown route: a page if a browser opens an address that is
 * not of the API. Calls of programs, also in browsers, accept other types first.
 */
export function answerUnknownPage(event: APIGatewayProxyEvent): APIGatewayProxyResult {
  const answer = answerUnknownRoute(event);
  const { httpMethod, path } = event;
  const accepted = header(event, "accept") ?? "";
  const isOpened = httpMethod === "GET" && accepted.startsWith("text/html");
  const folders = path.split("/").length - 2;
  if (!isOpened || path.startsWith("/api/") || folders > foldersMax) return answer;
  // The links are relative, since the gateway's address may have a prefix.
  const root = "../".repeat(folders);
  const { body, headers } = pageOf(MISSING_PAGE, (html) => html.replaceAll("{root}", root));
  const type = { "content-type": "text/html; charset=utf-8" };
  return { ...answer, body, headers: { ...answer.headers, ...headers, ...type } };
}
