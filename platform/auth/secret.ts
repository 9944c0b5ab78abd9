import { createHash, randomBytes } from "node:crypto";

/** A new secret: 32 random bytes as 43 characters of A-Z a-z 0-9 _ -. */
export const newSecret = () => randomBytes(32).toString("base64url");

/**
 * The stored form of a secret. A plain hash suffices, because 256 random bits cannot be guessed.
 */
export const hashOfSecret = (secret: string) =>
  createHash("sha256").update(secret).digest("base64url");
