import { authorizer } from "../../platform/authorizer.ts";
import { headerValues } from "../../platform/http/request.ts";
import { recordFirstSight } from "../../platform/store/people/users.ts";
import { verifyToken } from "../../platform/token.ts";

/**
 * The authorizer of the HTTP API. Without an Authorization header the call is anonymous: the
 * gateway lets such calls come here on optional routes only. A header that is there but bad is
 * refused.
 */
export const { contract, handler } = authorizer(
  {
    says: "Tell who calls the HTTP API",
    api: "http",
    grants: { read: ["USER"], write: ["USER", "NAME"] },
  },
  async (event, now) => {
    const [given, second] = headerValues(event, "authorization");
    if (given === undefined) return "anonymous";
    // Whoever stands between might look at the one and we at the other.
    if (second !== undefined) return undefined;
    const [, token] = /^Bearer +([^ ]+)$/i.exec(given) ?? [];
    if (token === undefined) return undefined;
    const caller = await verifyToken(token, now);
    if (caller !== undefined) await recordFirstSight(caller.userId, caller.claims, now, caller);
    return caller;
  },
);
