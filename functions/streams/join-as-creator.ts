import { refuse } from "../../domain/refusal.ts";
import { isHost, type Stream } from "../../domain/streams/stream.ts";
import {
  Joined,
  JoinRequest,
  joinedOf,
  startStream,
} from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { queueLiveNotifications } from "../../platform/live-notifications/live-notifications.ts";
import { hostActions } from "../../platform/store/money/wallets.ts";
import { getCallerProfile, userSummary } from "../../platform/store/people/users.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { changeWithReply } from "../../platform/store/streams/stream-changes.ts";
import { assertMayGoLive } from "../../platform/store/streams/stream-lists.ts";
import { joinedReplay } from "../../platform/store/streams/stream-replay.ts";
import { getStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join-as-creator",
    summary: "Go live: join a stream as its host, which makes it active",
    tag: "Live Streams",
    caller: "user",
    body: JoinRequest,
    answer: [200, Joined],
    replay: joinedReplay,
    rate: "announcements",
    cost: { read: 70, write: 60, kilobytes: 70 },
    refusals: [
      "stream_not_found",
      "stream_not_yours",
      "stream_not_startable",
      "too_many_live_streams",
    ],
    grants: {
      read: ["STREAM", "ESCROW", "USER", "WALLET"],
      write: ["STREAM", "ESCROW", "PLANNED", "USER", "WALLET", "LIST", "NOTICE"],
      queues: ["notices"],
    },
  },
  async ({ body, caller, now, idempotentReply }) => {
    const stream = await getStream(body.liveStreamId, { consistent: true });
    if (!isHost(stream, caller.userId)) refuse("stream_not_yours"); // Not even an admin may.
    const [profile] = await Promise.all([getCallerProfile(caller, now), assertMayGoLive(stream)]);
    const host = userSummary(profile);
    const start = (current: Stream) => startStream(current, host, now);
    const show = (is: Stream) => showWithPin({ ...is, host }, now);
    const replyTo = async (is: Stream) => idempotentReply(joinedOf(await show(is), caller.userId));
    const also = async (is: Stream) =>
      (await hostActions(is)) ?? refuse("stream_not_startable", { status: "cancelled_by_host" });
    const { reply, hasChanged } = await changeWithReply(stream, start, now, replyTo, also);
    if (hasChanged) await queueLiveNotifications(stream.id, now);
    return reply.answer;
  },
);
