import * as z from "zod";
import { StreamId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isAdmitted } from "../../domain/streams/member.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { withRelay } from "../../platform/store/log/relays.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}",
    summary: "Get a live stream",
    tag: "Live Streams",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    answer: [200, LiveStream],
    cost: { read: 40, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked"],
    grants: { read: ["STREAM", "ESCROW", "USER"], relays: true },
  },
  async ({ path: { streamId }, caller, now }) => {
    const reading = { consistent: true };
    const { stream, member } = await getStreamWithoutPass(streamId, caller, now, reading);
    const isInside = isAdmitted(stream, member, caller);
    const shown = showWithPin(isInside ? stream : { ...stream, pinned: null }, now);
    return withRelay(stream.id, shown);
  },
);
