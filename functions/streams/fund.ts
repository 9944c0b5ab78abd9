import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { Contributed, Contribution } from "../../domain/streams/funding.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { contribute } from "../../platform/store/money/fundings.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";

/** Contributions are held until it is decided whether the stream takes place. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/{streamId}/fund",
    summary: "Contribute credits to a planned stream; they are returned if it does not take place",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    body: Contribution,
    answer: [200, Contributed],
    rate: "money",
    cost: { read: 20, write: 20, kilobytes: 1 },
    refusals: [
      ...(["stream_not_found", "member_blocked", "funding_to_oneself"] as const),
      ...(["stream_not_scheduled", "stream_not_funded", "funding_over", "funding_full"] as const),
      ...(["credits_too_low", "spend_limit_reached"] as const),
    ],
    grants: {
      read: ["STREAM", "ESCROW", "WALLET"],
      write: ["STREAM", "ESCROW", "WALLET", "LEDGER", "USER"],
    },
  },
  async ({ path: { streamId }, body: { amount }, caller: { userId }, now, idempotentReply }) => {
    const { stream } = await getStreamWithoutPass(streamId, { userId }, now, { consistent: true });
    return contribute({ stream, userId, amount, now }, idempotentReply);
  },
);
