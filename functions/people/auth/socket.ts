import { authorizer } from "../../../platform/auth/authorizer.ts";
import { verifyToken } from "../../../platform/auth/token.ts";
import { header } from "../../../platform/http/request.ts";
import { isPageAllowed } from "../../../platform/realtime/handshake.ts";
import { overlayCaller } from "../../../platform/realtime/overlay.ts";
import { ticketCaller } from "../../../platform/realtime/ticket.ts";
import { setting } from "../../../platform/runtime/env.ts";

/**
 * The authorizer of the WebSocket API. Browsers cannot set headers on a WebSocket, so the token
 * comes as `?token=` or as the second value of `Sec-WebSocket-Protocol: bearer, JWT` (RFC 6455,
 * 1.9). A ticket or an overlay key may replace it. A page from a foreign origin is refused before
 * any of them is checked, so that it uses up no ticket.
 */
export const { contract, handler } = authorizer(
  {
    summary: "Authorize WebSocket connections",
    api: "socket",
    grants: { read: ["OVERLAY", "TICKET"], write: ["TICKET"] },
  },
  async (event, now) => {
    if (!isPageAllowed(event.headers, setting("ORIGINS"))) return "foreign";
    const query = event.queryStringParameters ?? {};
    const offered = header({ headers: event.headers ?? {} }, "sec-websocket-protocol") ?? "";
    const [scheme, second] = offered.split(",").map((part) => part.trim());
    const token = query.token ?? (scheme?.toLowerCase() === "bearer" ? second : undefined);
    const { key, ticket } = query;
    const given = [token, ticket, key].filter((one) => one !== undefined);
    // With two credentials it is unclear which one is meant.
    if (given.length !== 1) return undefined;
    if (key !== undefined) return overlayCaller(key, query, now);
    if (ticket !== undefined) return ticketCaller(ticket, now);
    if (token === undefined) return undefined;
    return verifyToken(token, now);
  },
);
