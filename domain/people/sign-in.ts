import * as z from "zod";
import { shownText } from "../text.ts";

/** What a page needs to send a user to the stage's issuer (OpenID Connect Core 1.0, 3.1.2). */
export const SignIn = z
  .object({
    issuer: shownText(500).meta({ description: "The `iss` of the issuer's tokens" }),
    clientId: shownText(500).meta({ description: "The `aud` of the issuer's ID tokens" }),
    authorizationEndpoint: shownText(500)
      .nullable()
      .meta({ description: "null if the issuer has no authorization endpoint" }),
    scope: shownText(500),
    groupsClaim: shownText(500).meta({ description: "The token claim that lists roles" }),
  })
  .meta({ id: "SignIn" });

/** The issuer's code, with the proof that it was meant for this page (RFC 7636). */
export const SignInCode = z.object({
  code: z
    .string()
    .regex(/^[\x20-\x7e]{1,2048}$/, "expected 1 to 2,048 printable ASCII characters")
    .meta({ example: "SplxlOBeZQQYbYS6WxSbIA" }),
  codeVerifier: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{43,128}$/, "expected 43 to 128 of A-Z a-z 0-9 - . _ ~")
    .meta({ example: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" }),
  redirectUri: z
    .url({ protocol: /^https?$/, error: "expected the URL to which the issuer led back" })
    .max(500)
    .meta({ example: "https://ovation.example/console" }),
});
export type SignInCode = z.infer<typeof SignInCode>;

/** The token for `Authorization: Bearer`, and its lifetime in seconds. */
export const SignedIn = z
  .object({
    token: shownText(10_240)
      .nullable()
      .meta({ description: "null in a replayed response (Idempotency-Key)" }),
    expiresIn: z.number().int().min(0),
  })
  .meta({ id: "SignedIn" });
export type SignedIn = z.infer<typeof SignedIn>;
