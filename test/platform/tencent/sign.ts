import { createHmac } from "node:crypto";
import { deflateSync } from "node:zlib";

/** What a UserSig says; `members` overrides parts of its JSON to make bad ones. */
type Signing = {
  secretKey: string;
  identifier?: string;
  sdkAppId?: number;
  /** Seconds since 1970. */
  time?: number;
  /** Seconds. */
  expire?: number;
  members?: Record<string, unknown>;
};

/** A UserSig as the vendor's libraries make it (TLSSigAPIv2). */
export function makeUserSig(signing: Signing): string {
  const { secretKey, identifier = "administrator", sdkAppId = 1400000001 } = signing;
  const { time = Math.floor(Date.now() / 1000), expire = 3600, members } = signing;
  const text =
    `TLS.identifier:${identifier}\nTLS.sdkappid:${sdkAppId}\n` +
    `TLS.time:${time}\nTLS.expire:${expire}\n`;
  return packUserSig({
    "TLS.ver": "2.0",
    "TLS.identifier": identifier,
    "TLS.sdkappid": sdkAppId,
    "TLS.time": time,
    "TLS.expire": expire,
    "TLS.sig": createHmac("sha256", secretKey).update(text).digest("base64"),
    ...members,
  });
}

export const packUserSig = (value: unknown) => packBytes(Buffer.from(JSON.stringify(value)));

/** zlib, then base64 in the vendor's spelling. */
export const packBytes = (bytes: Uint8Array) =>
  deflateSync(bytes)
    .toString("base64")
    .replaceAll("+", "*")
    .replaceAll("/", "-")
    .replaceAll("=", "_");
