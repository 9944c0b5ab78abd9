import { createHmac, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as z from "zod";

/**
 * The fields of a UserSig, as the vendor's libraries write them (TLSSigAPIv2, tls-sig-api-v2-node).
 * Times are in seconds: when it was made and how long it is valid. Unknown fields are ignored.
 */
const Members = z.object({
  "TLS.ver": z.literal("2.0"),
  "TLS.identifier": z.string(),
  "TLS.sdkappid": z.number().int(),
  "TLS.time": z.number().int(),
  "TLS.expire": z.number().int(),
  "TLS.userbuf": z.string().optional(),
  "TLS.sig": z.string(),
});

/** The claims of a UserSig, untrusted until `isSignedWith` returns true. */
type UserSig = {
  identifier: string;
  sdkAppId: number;
  /** The last second (since 1970) at which it is valid. */
  holdsUntil: number;
  /** The signed text. */
  signed: string;
  signature: string;
};

/** A real one has about 250 characters; the longest possible one, with a user buffer, about 600. */
export const userSigMax = 2048;
/**
 * The largest JSON in bytes: above any real one, so that a small text cannot exhaust the memory.
 */
const jsonBytesMax = 4096;

/** Standard base64, with padding, in the vendor's spelling of `+`, `/` and `=`. */
const spelling = /^(?:[A-Za-z0-9*-]{4})*(?:[A-Za-z0-9*-]{2}__|[A-Za-z0-9*-]{3}_)?$/;
const standard: Record<string, string> = { "*": "+", "-": "/", _: "=" };

/**
 * Reads a UserSig: JSON, compressed with zlib (RFC 1950), in base64 with `*`, `-` and `_` for `+`,
 * `/` and `=`. Undefined for anything else.
 */
export function readUserSig(text: string): UserSig | undefined {
  if (text === "" || text.length > userSigMax || !spelling.test(text)) return undefined;
  const json = inflate(text.replace(/[*_-]/g, (char) => standard[char]!));
  const members = Members.safeParse(json);
  if (!members.success) return undefined;
  const {
    "TLS.identifier": identifier,
    "TLS.sdkappid": sdkAppId,
    "TLS.time": time,
    "TLS.expire": expire,
    "TLS.userbuf": userBuffer,
    "TLS.sig": signature,
  } = members.data;
  const lines = [
    `TLS.identifier:${identifier}`,
    `TLS.sdkappid:${sdkAppId}`,
    `TLS.time:${time}`,
    `TLS.expire:${expire}`,
  ];
  if (userBuffer !== undefined) lines.push(`TLS.userbuf:${userBuffer}`);
  const signed = lines.map((line) => `${line}\n`).join("");
  return { identifier, sdkAppId, holdsUntil: time + expire, signed, signature };
}

function inflate(base64: string): unknown {
  try {
    const bytes = inflateSync(Buffer.from(base64, "base64"), { maxOutputLength: jsonBytesMax });
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Whether the key made it: HMAC-SHA256 with the key's text (not decoded from hex), in base64,
 * compared in constant time.
 */
export function isSignedWith(userSig: UserSig, secretKey: string): boolean {
  const expected = Buffer.from(
    createHmac("sha256", secretKey).update(userSig.signed).digest("base64"),
  );
  const actual = Buffer.from(userSig.signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
