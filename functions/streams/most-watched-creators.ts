import * as z from "zod";
import { Creator, creatorOf } from "../../domain/streams/creator.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { recent } from "../../platform/recent.ts";
import { findStandings } from "../../platform/store/people/follows.ts";
import { findProfiles } from "../../platform/store/people/users.ts";
import { listMostWatched } from "../../platform/store/streams/most-watched.ts";

const shownMax = 20;

const listCreators = recent(5_000, async (now) => {
  const userIds = await listMostWatched(shownMax, now);
  const profiles = await findProfiles(userIds);
  return userIds.flatMap((userId) => profiles.get(userId) ?? []);
});

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/most-watched-creators",
    says: "List the creators whose streams of the last 30 days had the most viewers",
    tag: "Live Streams",
    caller: "optional",
    shape: "envelope",
    answer: [200, z.array(Creator)],
    // With a token the answer says whom the caller follows.
    cacheControl: (_, callerId) => (callerId === undefined ? "public, max-age=5" : undefined),
    refusals: [],
    grants: { read: ["STREAM", "USER", "LIST"] },
  },
  async ({ caller, now }) => {
    const known = await listCreators(now);
    const ids = known.map(({ userId }) => userId);
    const standingOf = caller && (await findStandings(ids, caller.userId));
    const picture = setting("DEFAULT_PICTURE");
    return known.map((user) => creatorOf(user, standingOf?.(user.userId), picture));
  },
);
