import * as z from "zod";
import { shownId, UserId } from "./id.ts";
import { dateTime } from "./page.ts";
import { isTextWithoutControls, Timestamp } from "./text.ts";

/**
 * The longest lifetime of a token, and the allowed skew of its issuer's clock (`graceSeconds`), in
 * seconds.
 */
export const tokenSecondsMax = 24 * 3600;
export const graceSeconds = 60;

const TokenId = z
  .string({ error: "expected text of 1 to 200 characters" })
  .min(1, "expected 1 to 200 characters")
  .max(200, "expected 1 to 200 characters")
  .refine(isTextWithoutControls, "expected no control characters or lone surrogates")
  .meta({ description: "A token's `jti`", example: "0d5a1c52-8d0c-4c4b-9a35-0f3c1f7f3c11" });

/** The tokens to refuse: a user's up to a certain time, or a single one. */
export const NewRevocation = z
  .object({
    sub: UserId.optional(),
    jti: TokenId.optional(),
    issuedBefore: dateTime.optional().meta({
      description:
        "Revokes the user's tokens issued up to this time, in whole seconds; default: now",
      example: "2026-01-15T10:30:00.000Z",
    }),
  })
  .refine(({ sub, jti }) => (sub === undefined) !== (jti === undefined), "sub: expected it or jti")
  .refine(
    ({ jti, issuedBefore }) => jti === undefined || issuedBefore === undefined,
    "issuedBefore: expected only with sub",
  );

/** A revocation as the API shows it. */
export const Revocation = z
  .object({
    id: shownId,
    sub: UserId.optional(),
    jti: TokenId.optional(),
    issuedBefore: Timestamp.nullable().meta({
      description: "Null if the revocation is of one token (`jti`)",
    }),
    at: Timestamp,
  })
  .meta({ id: "Revocation" });
export type Revocation = z.infer<typeof Revocation>;

/** A time in whole seconds since 1970, as in tokens. */
export const secondOf = (moment: string) => Math.floor(Date.parse(moment) / 1000);

/** What is refused: a user's tokens up to a second since 1970, or one token. */
type Revoked = { user: string; second: number } | { token: string };

/** What a revocation refuses. Throws if it names neither a user nor a token. */
export function revokedBy({ sub, jti, issuedBefore }: Revocation): Revoked {
  if (jti !== undefined) return { token: jti };
  if (sub === undefined || issuedBefore === null)
    throw new Error("A revocation must name a user and a time, or a token");
  return { user: sub, second: secondOf(issuedBefore) };
}

/**
 * When a revocation made now may be deleted, in seconds since 1970: every token that it refuses has
 * expired by then, whatever its issuer's clock.
 */
export const forgottenAt = (now: Date, issuedBefore: string | null) =>
  Math.max(Math.floor(now.getTime() / 1000), issuedBefore === null ? 0 : secondOf(issuedBefore)) +
  tokenSecondsMax +
  2 * graceSeconds;
