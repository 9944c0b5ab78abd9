/** The public lists of live streams and hosts with the most viewers. */
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { listMostViewed, listMostWatched } from "../../platform/store/streams/most-watched.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();

/** A stream with the viewers of its newest frame, and past visitors. */
async function streamWith(
  viewers: number,
  visitors: number,
  { status = "active", secondsAgo = 0 }: { status?: "active" | "ended"; secondsAgo?: number } = {},
) {
  const host = summaryOf(profileOf(someone("host"), {}, now), "https://cdn.example.com/p.png");
  const startedAt = new Date(now.getTime() - 1000 * secondsAgo).toISOString();
  const { id, hostId, ...stream } = liveStreamOf(host, { status, startedAt });
  await recordStream({ id, hostId, ...stream });
  await putItem({ ...key.log(id), viewers });
  await putItem({ ...key.audience(id), visitors });
  return { id, hostId };
}

test("live streams are listed by viewers, and hosts by all viewers, without those of ended streams' last frames", async () => {
  const few = await streamWith(1, 4);
  const many = await streamWith(3, 0, { secondsAgo: 60 });
  const newer = await streamWith(3, 3);
  const ended = await streamWith(9, 2, { status: "ended" });
  const watched = await listMostViewed(10);
  expect(watched).toEqual([newer.id, many.id, few.id]);
  expect(await listMostViewed(2)).toEqual([newer.id, many.id]);
  expect(await listMostWatched(10, now)).toEqual(
    [newer, few, many, ended].map(({ hostId }) => hostId),
  );
});
