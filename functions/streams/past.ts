import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { rowsLimit } from "../../domain/page.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isListed } from "../../domain/streams/stream.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getProfile } from "../../platform/store/people/users.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { listHosted, newestFirst } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/user/{userId}/past-streams",
    summary: "List the ended streams among the newest 1,000 of a user, most recent first",
    tag: "Live Streams",
    caller: "optional",
    path: z.object({ userId: UserId }),
    query: z.object({ limit: rowsLimit(100, 20) }),
    answer: [200, rowsOf(LiveStream)],
    cost: { read: 230, kilobytes: 260 },
    refusals: ["user_not_found"],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ path: { userId }, query: { limit }, caller }) => {
    const [, hosted] = await Promise.all([getProfile(userId), listHosted(userId)]);
    const isOwn = caller?.userId === userId;
    const ended = hosted
      .filter(({ status, isHidden }) => status === "ended" && (isOwn || !isHidden))
      .sort(newestFirst("endedAt"));
    const streams = await findStreams(ended.slice(0, limit).map(({ streamId }) => streamId));
    // List entries of earlier releases do not say that a room is hidden.
    return showStreams(streams.filter((stream) => isOwn || isListed(stream)));
  },
);
