import { refuse } from "../../domain/refusal.ts";
import { isHost, liveStreamOf } from "../../domain/streams/stream.ts";
import { goLive, Joined, JoinRequest, joinedOf } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { announce } from "../../platform/notices.ts";
import { getCallerProfile, summary } from "../../platform/store/people/users.ts";
import { assertMayGoLive } from "../../platform/store/streams/stream-lists.ts";
import { changeStream, getStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join-as-creator",
    says: "Go live: the creator joins their stream, which makes it active",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    body: JoinRequest,
    answer: [200, Joined],
    rate: "announcements",
    refusals: [
      "stream_not_found",
      "stream_not_yours",
      "stream_not_startable",
      "too_many_live_streams",
    ],
    grants: {
      read: ["STREAM", "USER"],
      write: ["STREAM", "USER", "LIST", "NOTICE"],
      queues: ["notices"],
    },
  },
  async ({ body, caller, now }) => {
    const stream = await getStream(body.liveStreamId, { consistent: true });
    // Not even an admin goes live in the host's place.
    if (!isHost(stream, caller.userId)) refuse("stream_not_yours");
    const host = summary(await getCallerProfile(caller, now));
    // Who comes back to a stream that is live already has it among them.
    if (stream.status !== "active") await assertMayGoLive(caller.userId);
    const live = await changeStream(stream, (current) => goLive(current, host, now), now);
    if (live !== stream) await announce(live.id, now);
    return joinedOf(liveStreamOf({ ...live, host }), caller.userId);
  },
);
