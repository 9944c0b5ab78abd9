import { SignIn } from "../../../domain/people/sign-in.ts";
import { findMetadata } from "../../../platform/auth/sign-in.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { setting } from "../../../platform/runtime/env.ts";

/** Pages may call only this API, so it returns what the issuer publishes about itself. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/sign-in",
    summary: "Get the sign-in settings of this stage",
    tag: "Sign-in",
    caller: "anyone",
    answer: [200, SignIn],
    cost: { kilobytes: 1, callsOut: 1 },
    grants: { issuer: true },
  },
  async ({ now }) => {
    const { authorization_endpoint: address, token_endpoint } = await findMetadata(now);
    const authorizationEndpoint = (token_endpoint && address) ?? null;
    return {
      issuer: setting("ISSUER"),
      clientId: setting("AUDIENCE")[0]!,
      authorizationEndpoint,
      scope: "openid profile",
      groupsClaim: setting("GROUPS_CLAIM"),
    };
  },
);
