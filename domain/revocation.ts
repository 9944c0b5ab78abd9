import * as z from "zod";
import { shownId, UserId } from "./id.ts";
import { moment } from "./page.ts";
import { Timestamp } from "./text.ts";

/** Seconds that a token may live, and that its issuer's clock may be ahead of ours. */
export const tokenSecondsMax = 24 * 3600;
export const graceSeconds = 60;

const TokenId = z
  .string({ error: "expected text of 1 to 200 characters" })
  .min(1, "expected 1 to 200 characters")
  .max(200, "expected 1 to 200 characters")
  .meta({ description: "A token's `jti`", example: "0d5a1c52-8d0c-4c4b-9a35-0f3c1f7f3c11" });

/** Whose tokens are to be refused: a user's up to a moment, or one token. */
export const NewRevocation = z
  .object({
    sub: UserId.optional(),
    jti: TokenId.optional(),
    issuedBefore: moment.optional().meta({
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

/** A revocation as its answer shows it. */
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

/** A moment in whole seconds since 1970, as tokens say it. */
export const secondOf = (moment: string) => Math.floor(Date.parse(moment) / 1000);

/** What is refused: a user's tokens up to a second since 1970, or one token. */
type Revoked = { user: string; second: number } | { token: string };

/** What a revocation refuses. Throws where it names neither. */
export function revokedBy({ sub, jti, issuedBefore }: Revocation): Revoked {
  if (jti !== undefined) return { token: jti };
  if (sub === undefined || issuedBefore === null)
    throw new Error("A revocation names a user and a moment, or a token");
  return { user: sub, second: secondOf(issuedBefore) };
}

/**
 * When a revocation made now may be forgotten, in seconds since 1970: no token that it hits is good
 * by then, whatever clock its issuer has.
 */
export const forgottenAt = (now: Date, issuedBefore: string | null) =>
  Math.max(Math.floor(now.getTime() / 1000), issuedBefore === null ? 0 : secondOf(issuedBefore)) +
  tokenSecondsMax +
  2 * graceSeconds;
