import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { LiveStream } from "../../domain/streams/live-stream.ts";
import { isListed } from "../../domain/streams/stream.ts";
import { isWithin, UpcomingQuery } from "../../domain/streams/stream-lifecycle.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { getProfile } from "../../platform/store/people/users.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { findReminded } from "../../platform/store/streams/reminders.ts";
import { listHosted, soonestFirst } from "../../platform/store/streams/stream-lists.ts";
import { findStreams } from "../../platform/store/streams/streams.ts";

const UpcomingStream = LiveStream.extend({ isReminderActive: z.boolean().nullable() }).meta({
  id: "UpcomingStream",
});

/** The most streams in one response. */
const shownMax = 100;

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v2/live-stream/user/{userId}/upcoming-live-streams",
    summary:
      "List the scheduled streams among a user's newest 1,000, around the current time, earliest first",
    tag: "Live Streams",
    caller: "optional",
    path: z.object({ userId: UserId }),
    query: UpcomingQuery,
    answer: [200, rowsOf(UpcomingStream)],
    cost: { read: 280, kilobytes: 270 },
    refusals: ["user_not_found"],
    grants: { read: ["STREAM", "ESCROW", "USER"] },
  },
  async ({ path: { userId }, query, caller, now }) => {
    const [, hosted] = await Promise.all([getProfile(userId), listHosted(userId)]);
    const isOwn = caller?.userId === userId;
    const planned = hosted
      .filter((stream) => isWithin(stream, query, now) && (isOwn || !stream.isHidden))
      .sort(soonestFirst);
    const found = await findStreams(
      planned.slice(0, Math.min(query.limit, shownMax)).map((row) => row.streamId),
    );
    // List entries of earlier releases do not say that a room is hidden.
    const streams = found.filter((stream) => isOwn || isListed(stream));
    const reminded = caller && (await findReminded(caller.userId, streams));
    return (await showStreams(streams)).map((stream) => ({
      ...stream,
      isReminderActive: reminded?.has(stream.id) ?? null,
    }));
  },
);
