import { makeStream, NewStream, streamForm } from "../../domain/streams/new-stream.ts";
import { LiveStream, liveStreamOf } from "../../domain/streams/stream.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { keepIfFile } from "../../platform/pictures.ts";
import { assertKnown, getCallerProfile, summary } from "../../platform/store/people/users.ts";
import { recordStream } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/live-stream/create",
    says: "Create a live stream, which goes live when its creator joins it",
    tag: "Live Streams",
    caller: "user",
    shape: "envelope",
    accepts: ["json", "multipart"],
    form: streamForm,
    body: NewStream,
    answer: [201, LiveStream],
    rate: "streams",
    refusals: ["user_not_found"],
    grants: {
      read: ["USER", "REPLAY"],
      write: ["STREAM", "USER", "REPLAY", "LIST", "PICTURE"],
      pictures: ["write"],
    },
  },
  async ({ body, caller, now, newId, once, assertNew }) => {
    const known = assertKnown(body.guests ?? []);
    const [profile] = await Promise.all([getCallerProfile(caller, now), known]);
    const host = summary(profile);
    const defaultThumbnail = setting("DEFAULT_THUMBNAIL");
    const picture = await keepIfFile(body.thumbnail, { now, newId, assertNew });
    const stream = makeStream(body, { id: newId(), host, defaultThumbnail, picture, now });
    const reply = once(liveStreamOf(stream));
    await recordStream(stream, reply, picture?.actions);
    return reply.answer;
  },
);
