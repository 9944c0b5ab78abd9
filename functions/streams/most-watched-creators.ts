import { Creator, creatorOf } from "../../domain/streams/creator.ts";
import { rowsOf } from "../../domain/text.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { cached } from "../../platform/runtime/cached.ts";
import { setting } from "../../platform/runtime/env.ts";
import { listMostWatched } from "../../platform/store/log/most-watched.ts";
import { findFollowStates } from "../../platform/store/people/follows.ts";
import { findProfiles } from "../../platform/store/people/users.ts";

const shownMax = 20;

const listCreators = cached(5_000, async (now) => {
  const userIds = await listMostWatched(shownMax, now);
  const profiles = await findProfiles(userIds);
  return userIds.flatMap((userId) => profiles.get(userId) ?? []);
});

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/most-watched-creators",
    summary: "List the hosts with the most viewers in the newest 1,000 streams of the last 30 days",
    tag: "Live Streams",
    caller: "optional",
    answer: [200, rowsOf(Creator)],
    // With a token the response depends on whom the caller follows.
    cacheControl: (callerId) => (callerId === undefined ? "public, max-age=5" : undefined),
    cost: { read: 290, kilobytes: 3 },
    grants: { read: ["STREAM", "USER", "LIST", "SUB"] },
  },
  async ({ caller, now }) => {
    const known = await listCreators(now);
    const ids = known.map(({ userId }) => userId);
    const standingOf = caller && (await findFollowStates(ids, caller.userId));
    const picture = setting("DEFAULT_PICTURE");
    return known.map((user) => creatorOf(user, standingOf?.(user.userId), picture));
  },
);
