import { isAdmitted } from "../../domain/streams/member.ts";
import { assertLive } from "../../domain/streams/stream.ts";
import { Joined, joinedOf, ViewerJoinRequest } from "../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { setting } from "../../platform/runtime/env.ts";
import { withRelay } from "../../platform/store/log/relays.ts";
import { assertRoomNotFull } from "../../platform/store/log/room-capacity.ts";
import { getGiver, giftContext } from "../../platform/store/money/gifts.ts";
import { buyPass } from "../../platform/store/money/passes.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { getStreamWithoutPass } from "../../platform/store/streams/stream-access.ts";
import { joinedReplay } from "../../platform/store/streams/stream-replay.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/join",
    summary: "Join a live stream as a viewer; a paid stream is charged once",
    tag: "Live Streams",
    caller: "user",
    body: ViewerJoinRequest,
    answer: [200, Joined],
    replay: joinedReplay,
    rate: "money",
    cost: { read: 81, write: 44, kilobytes: 70 },
    refusals: [
      ...(["stream_not_found", "user_not_found", "member_blocked", "stream_not_live"] as const),
      ...(["room_full", "price_changed", "credits_too_low", "spend_limit_reached"] as const),
    ],
    grants: {
      read: ["STREAM", "USER", "WALLET", "SUB"],
      write: ["WALLET", "LEDGER", "STREAM", "GIFT"],
      relays: true,
    },
  },
  async ({ body: { liveStreamId, expectedPrice }, caller, now, ...call }) => {
    const reading = { consistent: true };
    const { stream, member } = await getStreamWithoutPass(liveStreamId, caller, now, reading);
    assertLive(stream);
    await assertRoomNotFull(stream, caller, now);
    const joined = joinedOf(await withRelay(stream.id, showWithPin(stream, now)), caller.userId);
    if (isAdmitted(stream, member, caller)) return call.commitReply(joined);
    const context = giftContext(stream, await getGiver(stream.id, caller.userId), now);
    const terms = { expectedPrice, defaultPicture: setting("DEFAULT_PICTURE") };
    const reply = call.idempotentReply(joined);
    const isNew = await buyPass(context, terms, reply);
    return isNew ? reply.answer : call.commitReply(joined);
  },
);
