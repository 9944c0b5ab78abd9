import { makeTicket, NewTicket, ShownTicket, ticketReplay } from "../../../domain/log/ticket.ts";
import { newSecret } from "../../../platform/auth/secret.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { recordTicket } from "../../../platform/store/log/tickets.ts";
import { getVisibleStream } from "../../../platform/store/streams/stream-access.ts";

/** Keeps tokens out of URLs, which proxies and browsers log. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/ws-tickets",
    summary: "Get a ticket that opens one socket within 60 s, instead of a token",
    tag: "Sessions",
    caller: "user",
    body: NewTicket,
    isBodyOptional: true,
    answer: [201, ShownTicket],
    replay: ticketReplay,
    rate: "tickets",
    cost: { read: 4, write: 4, kilobytes: 1 },
    refusals: ["stream_not_found", "member_blocked", "pass_required"],
    grants: { read: ["STREAM"], write: ["TICKET"] },
  },
  async ({ body, caller, now, idempotentReply }) => {
    const streamId = body.streamId ?? undefined;
    if (streamId !== undefined) await getVisibleStream(streamId, caller, now);
    const ticket = makeTicket(caller, streamId, now);
    const text = newSecret();
    const expiresAt = new Date(ticket.goodUntil).toISOString();
    return recordTicket(text, ticket, idempotentReply({ ticket: text, expiresAt }));
  },
);
