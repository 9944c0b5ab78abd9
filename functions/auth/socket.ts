import { guard } from "../../platform/guard.ts";
import { header } from "../../platform/http/request.ts";
import { recordFirstSight } from "../../platform/store/people/users.ts";
import { verifyToken } from "../../platform/token.ts";

/**
 * Stands at the door of the WebSocket API. Browsers cannot set headers on a WebSocket, so the token
 * comes as `?token=` or as the second of `Sec-WebSocket-Protocol: bearer, JWT` (RFC 6455, 1.9).
 */
export const { contract, handler } = guard(
  {
    says: "Tell who connects to the WebSocket API",
    door: "socket",
    grants: { read: ["USER"], write: ["USER", "NAME"] },
  },
  async (event, now) => {
    const offered = header({ headers: event.headers ?? {} }, "sec-websocket-protocol") ?? "";
    const [scheme, second] = offered.split(",").map((part) => part.trim());
    const token =
      event.queryStringParameters?.token ??
      (scheme?.toLowerCase() === "bearer" ? second : undefined);
    if (token === undefined) return undefined;
    const caller = await verifyToken(token, now);
    if (caller !== undefined) await recordFirstSight(caller.userId, caller.claims, now, caller);
    return caller;
  },
);
