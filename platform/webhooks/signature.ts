import { createHmac, randomBytes } from "node:crypto";

const prefix = "whsec_";

/** A new secret of 32 random bytes. */
export const newSecret = () => `${prefix}${randomBytes(32).toString("base64")}`;

/** What is signed: the event's id, the time of the attempt in seconds, and the body as sent. */
type Signed = { id: string; timestamp: number; body: string };

/**
 * The header `webhook-signature`: one signature for each secret, separated by spaces (Standard
 * Webhooks 1.0.0, HMAC with SHA-256).
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureOf({ id, timestamp, body }: Signed, secrets: readonly string[]): string {
  const sign = (secret: string) =>
    createHmac("sha256", Buffer.from(secret.slice(prefix.length), "base64"))
      .update(`${id}.${timestamp}.${body}`)
      .digest("base64");
  return secrets.map((secret) => `v1,${sign(secret)}`).join(" ");
}
