import * as z from "zod";
import { ActId, StreamId } from "../../../domain/id.ts";
import { cursorPage, cursorQuery } from "../../../domain/page.ts";
import { roleIn } from "../../../domain/streams/display-names.ts";
import { ModerationLog, shownActOf } from "../../../domain/streams/moderation.ts";
import { moderatorRefusals } from "../../../domain/streams/stream-lifecycle.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { findSummaries } from "../../../platform/store/people/users.ts";
import { listActs } from "../../../platform/store/streams/moderation.ts";
import { getModeratedStream } from "../../../platform/store/streams/stream-access.ts";

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/{streamId}/moderation-log",
    summary: "List a stream's moderation log, newest first (moderators only)",
    tag: "Live Stream Bans",
    caller: "user",
    path: z.object({ streamId: StreamId }),
    query: cursorQuery(ActId),
    answer: [200, ModerationLog],
    cost: { read: 350, kilobytes: 800 },
    refusals: ["stream_not_found", ...moderatorRefusals],
    grants: { read: ["STREAM", "USER"] },
  },
  async ({ path: { streamId }, query: { after, limit }, caller, now }) => {
    const stream = await getModeratedStream(streamId, caller, now);
    const acts = await listActs(streamId, limit + 1, after);
    const { list, pageInfo } = cursorPage(acts, limit, ({ id }) => id);
    const users = list.flatMap(({ actorId, targetId }) => [actorId, targetId ?? actorId]);
    const summaryOf = await findSummaries(users, now);
    const shown = (userId: string) => ({ ...summaryOf(userId), role: roleIn(stream, userId) });
    return { list: list.map((act) => shownActOf(act, shown)), pageInfo };
  },
);
