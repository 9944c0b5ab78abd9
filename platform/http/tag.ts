import { createHash } from "node:crypto";
import type { APIGatewayProxyResult } from "aws-lambda";
import { refuse } from "../../domain/refusal.ts";

/** Bytes of the hash in a tag: two contents of one address never have the same one by chance. */
const tagBytes = 15;

/**
 * An answer that caches may keep, with its tag; without a body (304) for clients that have it
 * already. The tag is of `content`, which is the answer without what differs each time, and it is
 * weak, since the gateway compresses the body or does not (RFC 9110, 8.8.3).
 */
export function withEtag(
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

/**
 * How a handler deals with the revisions of what it reads or changes. A revision is a number that
 * grows with each change, such as the milliseconds of `updatedAt`.
 */
export type Revisions = {
  /**
   * Refuses with `changed_meanwhile` where the call's If-Match names another revision. To be asked
   * of what the write's condition is about, each time that it is read.
   */
  assertRevision: (revision: number) => void;
  /** Names the revision of what is answered. */
  showRevision: (revision: number) => void;
};

/** The revisions of a call with this If-Match, if it has one; shown in `headers`. */
export function revisionsOf(headers: Record<string, string>, ifMatch?: string): Revisions {
  return {
    assertRevision(revision) {
      const etag = etagOf(revision);
      if (ifMatch !== undefined && !isKnown(etag, ifMatch)) refuse("changed_meanwhile", { etag });
    },
    showRevision(revision) {
      headers.etag = etagOf(revision);
    },
  };
}

const etagOf = (revision: number) => `"${revision}"`;

/** Whether one of the tags of an If-None-Match or If-Match is this one, compared weakly; `*` is any. */
export function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, "");
  return ifNoneMatch.split(",").some((tag) => tag.trim() === "*" || opaque(tag) === opaque(etag));
}
