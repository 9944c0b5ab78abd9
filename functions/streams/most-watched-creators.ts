import * as z from "zod";
import { Creator, creatorOf } from "../../domain/streams/creator.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { findStandings } from "../../platform/store/people/follows.ts";
import { findProfiles } from "../../platform/store/people/users.ts";
import { listMostWatched } from "../../platform/store/streams/most-watched.ts";

const shownMax = 20;

export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/live-stream/most-watched-creators",
    says: "List the creators whose streams of the last 30 days had the most viewers",
    tag: "Live Streams",
    caller: "optional",
    shape: "envelope",
    answer: [200, z.array(Creator)],
    refusals: [],
    grants: { read: ["STREAM", "USER", "LIST"] },
    memoryMegabytes: 512,
  },
  async ({ caller, now }) => {
    const creators = await listMostWatched(shownMax, now);
    const [profiles, standingOf] = await Promise.all([
      findProfiles(creators),
      caller && findStandings(creators, caller.userId),
    ]);
    const known = creators.flatMap((userId) => profiles.get(userId) ?? []);
    const picture = setting("DEFAULT_PICTURE");
    return known.map((user) => creatorOf(user, standingOf?.(user.userId), picture));
  },
);
