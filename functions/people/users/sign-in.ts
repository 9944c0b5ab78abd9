import { SignedIn, SignInCode } from "../../../domain/people/sign-in.ts";
import { redeemCode } from "../../../platform/auth/sign-in.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";

/** The last step of the authorization code flow; pages may not call another host for it. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/sign-in",
    summary:
      "Exchange an authorization code of the stage's issuer for a token, with its " +
      "PKCE verifier",
    tag: "Sign-in",
    caller: "anyone",
    body: SignInCode,
    answer: [200, SignedIn],
    replay: { keep: (answer: SignedIn) => ({ ...answer, token: null }) },
    cost: { read: 2, write: 6, kilobytes: 12, callsOut: 1 },
    refusals: ["sign_in_failed", "sign_in_unavailable"],
    grants: { issuer: true },
  },
  async ({ body, now, commitReply, assertNew, runExclusive }) => {
    await assertNew();
    return runExclusive(async () => commitReply(await redeemCode(body, now)));
  },
);
