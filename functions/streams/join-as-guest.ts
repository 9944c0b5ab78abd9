import { refuse } from "../../domain/refusal.ts";
import { assertLive } from "../../domain/streams/stream.ts";
import { Joined, JoinRequest, joinedOf } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";
import { joinedReplay } from "../../platform/store/streams/stream-replay.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join-as-guest",
    summary: "Join a live stream as an invited guest",
    tag: "Live Streams",
    caller: "user",
    body: JoinRequest,
    answer: [200, Joined],
    replay: joinedReplay,
    cost: { read: 40, write: 15, kilobytes: 70 },
    refusals: ["stream_not_found", "member_blocked", "not_a_guest", "stream_not_live"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ body, caller, now, commitReply }) => {
    const { stream } = await getStreamWithoutPass(body.liveStreamId, caller, now, {
      consistent: true,
    });
    if (!stream.guests.includes(caller.userId)) refuse("not_a_guest");
    assertLive(stream);
    return commitReply(joinedOf(await showWithPin(stream, now), caller.userId));
  },
);
