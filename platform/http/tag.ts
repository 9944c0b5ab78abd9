import { createHash } from "node:crypto";
import type { APIGatewayProxyResult } from "aws-lambda";

/** Bytes of the hash in a tag: two contents of one address never have the same one by chance. */
const tagBytes = 15;

/**
 * An answer that caches may keep, with its tag; without a body (304) for whoever has it already.
 * The tag is of `content`, which is the answer without what differs each time, and it is weak,
 * since the gateway compresses the body or does not (RFC 9110, 8.8.3).
 */
export function tagged(
  answer: APIGatewayProxyResult,
  content: string,
  ifNoneMatch: string | undefined,
): APIGatewayProxyResult {
  const hash = createHash("sha256").update(content).digest().subarray(0, tagBytes);
  const etag = `W/"${hash.toString("base64url")}"`;
  const { vary, ...given } = answer.headers as Record<string, string>;
  const varied = vary === undefined ? "Accept-Encoding" : `${vary}, Accept-Encoding`;
  const headers: Record<string, string> = { ...given, vary: varied, etag };
  if (!isKnown(etag, ifNoneMatch)) return { ...answer, headers };
  delete headers["content-type"];
  return { statusCode: 304, headers, body: "" };
}

/** Whether one of the tags of an If-None-Match is this one, compared weakly; `*` is any. */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
