import { LiveStream, liveStreamOf } from "../../domain/streams/live-stream.ts";
import { makeStream, NewStream, streamForm } from "../../domain/streams/new-stream.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { multipart } from "../../platform/http/multipart.ts";
import { decoding } from "../../platform/lambda/grants.ts";
import { keepIfFile } from "../../platform/pictures/pictures.ts";
import { setting } from "../../platform/runtime/env.ts";
import { getCallerProfile, getPeople, userSummary } from "../../platform/store/people/users.ts";
import { withChannel } from "../../platform/store/streams/channels.ts";
import { guestsOf } from "../../platform/store/streams/display-names.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { assertMayPlan } from "../../platform/store/streams/stream-lists.ts";
import { streamReplay } from "../../platform/store/streams/stream-replay.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/create",
    summary: "Create a live stream; it goes live when its host joins",
    tag: "Live Streams",
    caller: "user",
    form: multipart(streamForm),
    body: NewStream,
    answer: [201, LiveStream],
    replay: streamReplay,
    rate: "streams",
    cost: { read: 73, write: 95, kilobytes: 70 },
    refusals: ["user_not_found", "too_many_planned_streams"],
    ...decoding,
    grants: {
      read: ["USER", "STREAM"],
      write: ["STREAM", "PLANNED", "USER", "LIST", "PICTURE"],
      pictures: ["write"],
    },
  },
  async ({ body, caller, now, newId, idempotentReply, assertNew }) => {
    // Storing a picture takes time, in which an erasure of the host or a guest may have ended.
    const isLate = typeof body.thumbnail === "object";
    const reading = getCallerProfile(caller, now, { consistent: isLate });
    const [known] = await Promise.all([reading, assertMayPlan(caller.userId)]);
    const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
    const picture = await keepIfFile(body.thumbnail, { caller, now, newId, assertNew });
    const people = await getPeople(known, body.guests ?? [], { isLate });
    const [host, guests] = [userSummary(people.caller), people.named];
    const given = { host, defaultThumbnail, picture, now };
    return withChannel(host._id, async (channel, check) => {
      const stream = makeStream(body, { ...given, id: newId(), channel });
      const reply = idempotentReply(liveStreamOf(stream, { guests: guestsOf(stream, guests) }));
      const isDone = await recordStream(stream, reply, [check, ...(picture?.actions ?? [])]);
      return isDone ? reply.answer : undefined;
    });
  },
);
