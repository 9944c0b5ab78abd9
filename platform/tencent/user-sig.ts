import { createHmac, timingSafeEqual } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as z from "zod";

/**
 * The members of a UserSig, as the vendor's libraries write them (TLSSigAPIv2,
 * tls-sig-api-v2-node). Times are in seconds: when it was made and how long it lives. Unknown
 * members mean nothing.
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

/** What a UserSig claims; none of it counts before `isSignedWith` says so. */
type UserSig = {
  identifier: string;
  sdkAppId: number;
  /** Seconds since 1970 until which it holds, that second included. */
  holdsUntil: number;
  /** The text that is signed. */
  signed: string;
  signature: string;
};

/** A real one is some 250 characters; the longest possible one, with a user buffer, some 600. */
export const userSigMax = 2048;
/** Bytes of its JSON: more than any real one has, so that a small text cannot fill the memory. */
const jsonBytesMax = 4096;

/** Standard base64, with padding, in the vendor's spelling of `+`, `/` and `=`. */
const spelling = /^(?:[A-Za-z0-9*-]{4})*(?:[A-Za-z0-9*-]{2}__|[A-Za-z0-9*-]{3}_)?$/;
const standard: Record<string, string> = { "*": "+", "-": "/", _: "=" };

/**
 * Reads a UserSig: base64 with `*`, `-` and `_` for `+`, `/` and `=`, of zlib data (RFC 1950), of
 * JSON. Undefined when it is anything else.
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
 * True when the key made it: HMAC-SHA256 under the key's text (it is not decoded from hex), in
 * base64, compared in constant time.
 */
export function isSignedWith(userSig: UserSig, secretKey: string): boolean {
  const expected = Buffer.from(
    createHmac("sha256", secretKey).update(userSig.signed).digest("base64"),
  );
  const actual = Buffer.from(userSig.signature);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}
