import { createHash, randomBytes } from "node:crypto";

/** A new secret: 32 random bytes as 43 characters of A-Z a-z 0-9 _ -. */
export const newSecret = () => randomBytes(32).toString("base64url");

/**
 * What is stored in a secret's place. A plain hash serves, because nobody can try 256 random bits.
 */
export const hashOfSecret = (secret: string) =>
  createHash("sha256").update(secret).digest("base64url");
