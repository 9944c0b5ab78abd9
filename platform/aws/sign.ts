import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** Who signs, for which region and service: API Gateway's posts unless stated otherwise. */
export type Signing = {
  service?: "execute-api" | "lambda" | "dynamodb" | "sqs" | "secretsmanager" | "s3" | "cognito-idp";
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  /** The `content-type` of every request, where they have one that is signed. */
  contentType?: string;
};

/** What is signed: `path` as it is sent, already percent-encoded once. */
type Signed = {
  method: "POST" | "GET" | "DELETE" | "PUT";
  path: string;
  /** The query as it is sent: percent-encoded, sorted by name. */
  query?: string;
  payloadHash: string;
  /** The header `x-amz-target`, where the request has one. */
  target?: string;
};

/** The lower-case hex SHA-256 of a body: made once per frame, not once per viewer. */
export const hashOf = (body: string | Uint8Array) => hash("sha256", body, "hex");

/** Percent-encodes all but RFC 3986's unreserved characters: more than encodeURIComponent does. */
export const encodeStrictly = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * Makes a signer of requests to one host by AWS Signature Version 4: what is the same for many
 * requests is made once (the key each day, the dates each second), so that a signature costs one
 * path and two hashes. The key is a KeyObject: with a Buffer, Node 24 sets up an HMAC seven times
 * slower.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner(host: string, signing: Signing) {
  const { service = "execute-api", region, accessKeyId, secretAccessKey, sessionToken } = signing;
  const { contentType } = signing;
  const token = sessionToken === undefined ? "" : `x-amz-security-token:${sessionToken}\n`;
  const content = contentType === undefined ? "" : `content-type:${contentType}\n`;
  // S3 alone wants the payload's hash as a header, too, and takes paths as they are sent.
  const isS3 = service === "s3";
  const signedNames =
    `${contentType === undefined ? "" : "content-type;"}host;` +
    `${isS3 ? "x-amz-content-sha256;" : ""}x-amz-date` +
    (sessionToken === undefined ? "" : ";x-amz-security-token");
  let second = Number.NaN;
  let date = "";
  let longDate = "";
  let key: KeyObject | undefined;
  let scope = "";
  let datedHeaders = "";

  function turn(now: number): void {
    second = Math.floor(now / 1000);
    longDate = new Date(second * 1000).toISOString().replace(/[:-]|\.\d{3}/g, "");
    if (longDate.slice(0, 8) !== date || key === undefined) {
      date = longDate.slice(0, 8);
      key = deriveKey(secretAccessKey, date, region, service);
      scope = `${date}/${region}/${service}/aws4_request`;
    }
    datedHeaders = `x-amz-date:${longDate}\n${token}`;
  }

  /** The headers of a request, flat, as the HTTP client takes them. `now` in milliseconds. */
  return function sign(signed: Signed, now: number): string[] {
    const { method, path, query = "", payloadHash, target } = signed;
    if (Math.floor(now / 1000) !== second) turn(now);
    // A path is encoded a second time for the canonical request (every service but S3).
    const isPlain = path === "/" || isS3;
    const canonicalPath = isPlain ? path : encodeStrictly(path).replaceAll("%2F", "/");
    const hashHeader = isS3 ? `x-amz-content-sha256:${payloadHash}\n` : "";
    const canonicalHeaders = `${content}host:${host}\n${hashHeader}${datedHeaders}`;
    const lastHeader = target === undefined ? "" : `x-amz-target:${target}\n`;
    const signedHeaders = target === undefined ? signedNames : `${signedNames};x-amz-target`;
    const canonical =
      `${method}\n${canonicalPath}\n${query}\n${canonicalHeaders}${lastHeader}\n` +
      `${signedHeaders}\n${payloadHash}`;
    const text = `AWS4-HMAC-SHA256\n${longDate}\n${scope}\n${hashOf(canonical)}`;
    const signature = createHmac("sha256", key!).update(text).digest("hex");
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ` +
      `SignedHeaders=${signedHeaders}, Signature=${signature}`;
    const headers = ["host", host, "x-amz-date", longDate, "authorization", authorization];
    if (sessionToken !== undefined) headers.push("x-amz-security-token", sessionToken);
    if (isS3) headers.push("x-amz-content-sha256", payloadHash);
    return headers;
  };
}

function deriveKey(secret: string, date: string, region: string, service: string): KeyObject {
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of [date, region, service, "aws4_request"])
    key = createHmac("sha256", key).update(part).digest();
  return createSecretKey(key);
}
