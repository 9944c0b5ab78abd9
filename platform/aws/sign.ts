import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

/** The signing credentials, region and service; the service is API Gateway's posts by default. */
export type Signing = {
  service?: "execute-api" | "lambda" | "dynamodb" | "sqs" | "secretsmanager" | "s3" | "cognito-idp";
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
  /** The `content-type` of every request, if it is signed. */
  contentType?: string;
};

/** The signed request: `path` as sent, percent-encoded once. */
type Signed = {
  method: "POST" | "GET" | "DELETE" | "PUT";
  path: string;
  /** The query as sent: percent-encoded, sorted by name. */
  query?: string;
  /** Undefined for a receiver in this process that verifies no signature: then none is made. */
  payloadHash: string | undefined;
  /** The header `x-amz-target`, if the request has one. */
  target?: string;
};

/** The lower-case hex SHA-256 of a body: made once per frame, not once per viewer. */
export const hashOf = (body: string | Uint8Array) => hash("sha256", body, "hex");

/**
 * Percent-encodes everything except RFC 3986's unreserved characters, unlike encodeURIComponent.
 */
export const encodeStrictly = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The parts shared by all requests of one day with the same credentials. */
type Prepared = {
  by: Signing;
  date: string;
  key: KeyObject;
  scope: string;
  /** Headers before and after the date, as they are signed. */
  content: string;
  token: string;
  signedNames: string;
};

function prepare(by: Signing, date: string): Prepared {
  const { service = "execute-api", region, secretAccessKey, sessionToken, contentType } = by;
  return {
    by,
    date,
    key: deriveKey(secretAccessKey, date, region, service),
    scope: `${date}/${region}/${service}/aws4_request`,
    content: contentType === undefined ? "" : `content-type:${contentType}\n`,
    token: sessionToken === undefined ? "" : `x-amz-security-token:${sessionToken}\n`,
    signedNames:
      `${contentType === undefined ? "" : "content-type;"}host;` +
      `${service === "s3" ? "x-amz-content-sha256;" : ""}x-amz-date` +
      (sessionToken === undefined ? "" : ";x-amz-security-token"),
  };
}

/** Whether two signings are equal in the fields that can change. */
const isSame = (a: Signing, b: Signing) =>
  a.accessKeyId === b.accessKeyId &&
  a.secretAccessKey === b.secretAccessKey &&
  a.sessionToken === b.sessionToken;

/**
 * Creates a signer of requests to one host by AWS Signature Version 4. Shared parts are computed
 * once (the key each day, the dates each second), so that a signature costs one path and two
 * hashes. The key is a KeyObject: with a Buffer, Node 24 sets up an HMAC seven times slower.
 * Credentials that change while a process lives, as a container's do, are passed as a function,
 * which is called once a second.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner(host: string, given: Signing | (() => Signing)) {
  const read = typeof given === "function" ? given : () => given;
  let second = Number.NaN;
  let longDate = "";
  let own = prepare(read(), "");
  let datedHeaders = "";

  function turn(now: number): void {
    second = Math.floor(now / 1000);
    longDate = new Date(second * 1000).toISOString().replace(/[:-]|\.\d{3}/g, "");
    const date = longDate.slice(0, 8);
    const by = read();
    if (date !== own.date || !isSame(by, own.by)) own = prepare(by, date);
    datedHeaders = `x-amz-date:${longDate}\n${own.token}`;
  }

  /** The headers of a request, flat, as the HTTP client expects them. `now` in milliseconds. */
  return function sign(signed: Signed, now: number): string[] {
    const { method, path, query = "", payloadHash, target } = signed;
    if (Math.floor(now / 1000) !== second) turn(now);
    const { by, key, scope, content, signedNames } = own;
    // Only S3 requires the payload's hash as a header, and takes paths as they are sent.
    const isS3 = by.service === "s3";
    // For the canonical request, a path is encoded a second time (except for S3).
    const isPlain = path === "/" || isS3;
    const canonicalPath = isPlain ? path : encodeStrictly(path).replaceAll("%2F", "/");
    const hashHeader = isS3 ? `x-amz-content-sha256:${payloadHash}\n` : "";
    const canonicalHeaders = `${content}host:${host}\n${hashHeader}${datedHeaders}`;
    const lastHeader = target === undefined ? "" : `x-amz-target:${target}\n`;
    const signedHeaders = target === undefined ? signedNames : `${signedNames};x-amz-target`;
    const canonical =
      `${method}\n${canonicalPath}\n${query}\n${canonicalHeaders}${lastHeader}\n` +
      `${signedHeaders}\n${payloadHash}`;
    const toSign = () => `AWS4-HMAC-SHA256\n${longDate}\n${scope}\n${hashOf(canonical)}`;
    const signature = payloadHash && createHmac("sha256", key).update(toSign()).digest("hex");
    const authorization =
      `AWS4-HMAC-SHA256 Credential=${by.accessKeyId}/${scope}, ` +
      `SignedHeaders=${signedHeaders}, Signature=${signature ?? "none"}`;
    const headers = ["host", host, "x-amz-date", longDate, "authorization", authorization];
    if (by.sessionToken !== undefined) headers.push("x-amz-security-token", by.sessionToken);
    if (isS3) headers.push("x-amz-content-sha256", payloadHash ?? "");
    return headers;
  };
}

/** Flat headers as an object; `headers` are added to it. */
export function collectHeaders(flat: readonly string[], headers: Record<string, string> = {}) {
  for (let at = 0; at < flat.length; at += 2) headers[flat[at]!] = flat[at + 1]!;
  return headers;
}

function deriveKey(secret: string, date: string, region: string, service: string): KeyObject {
  let key = Buffer.from(`AWS4${secret}`);
  for (const part of [date, region, service, "aws4_request"])
    key = createHmac("sha256", key).update(part).digest();
  return createSecretKey(key);
}
