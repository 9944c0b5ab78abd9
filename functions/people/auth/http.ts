import { authorizer } from "../../../platform/auth/authorizer.ts";
import { isRevoked } from "../../../platform/auth/revocations.ts";
import { verifyToken } from "../../../platform/auth/token.ts";
import { headerValues } from "../../../platform/http/request.ts";
import { recordNewUser } from "../../../platform/store/people/profile-changes.ts";

/**
 * The authorizer of the HTTP API. Without an Authorization header the call is anonymous: the
 * gateway allows such calls only on optional routes. An invalid header is always refused.
 */
export const { contract, handler } = authorizer(
  {
    summary: "Authorize calls of the HTTP API",
    api: "http",
    grants: { read: ["USER", "REVOKED"], write: ["USER", "NAME"] },
  },
  async (event, now) => {
    const [value, second] = headerValues(event, "authorization");
    if (value === undefined) return "anonymous";
    // A proxy might use one of two headers while we use the other.
    if (second !== undefined) return undefined;
    const [, token] = /^Bearer ([^ ]+)$/i.exec(value) ?? [];
    if (token === undefined) return undefined;
    const caller = await verifyToken(token, now);
    if (caller === undefined) return undefined;
    const revoked = isRevoked(caller);
    const session = { ...caller, isValid: async () => !(await revoked) };
    const [isOver] = await Promise.all([
      revoked,
      recordNewUser(caller.userId, caller.claims, now, session),
    ]);
    return isOver ? undefined : caller;
  },
);
