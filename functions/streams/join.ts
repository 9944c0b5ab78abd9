import { assertNotBlocked } from "../../domain/streams/member.ts";
import { assertLive } from "../../domain/streams/stream.ts";
import { Joined, JoinWish, joinedOf } from "../../domain/streams/stream-course.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { showStream } from "../../platform/store/streams/shown.ts";
import { findMember, getStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join",
    says: "Join a live stream as a viewer",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    body: JoinWish,
    answer: [200, Joined],
    refusals: ["stream_not_found", "member_blocked", "stream_not_live"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ body, caller, now }) => {
    const [stream, member] = await Promise.all([
      getStream(body.liveStreamId, { consistent: true }),
      findMember(body.liveStreamId, caller.userId, { consistent: true }),
    ]);
    assertNotBlocked(member, now);
    assertLive(stream);
    return joinedOf(await showStream(stream), caller.userId);
  },
);
