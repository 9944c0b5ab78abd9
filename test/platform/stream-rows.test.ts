/** Lists of streams: their order, their size, and whom they name. */
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { cancelStream, deleteStream } from "../../domain/streams/stream-lifecycle.ts";
import { handler as funded } from "../../functions/streams/funded.ts";
import { handler as active } from "../../functions/streams/my-active.ts";
import { handler as past } from "../../functions/streams/past.ts";
import { handler as upcoming } from "../../functions/streams/upcoming.ts";
import { showStreams } from "../../platform/store/streams/display-names.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { showListed } from "../../platform/store/streams/stream-pages.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { callEndpoint } from "./api-call.ts";
import { giveTo, plannedStream } from "./fundings.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();
const inMinutes = (minutes: number) => new Date(now.getTime() + 60_000 * minutes).toISOString();

/** Records a stream of this host. */
async function add(hostId: string, changes: Partial<Stream>): Promise<Stream> {
  const host = summaryOf(profileOf(hostId, {}, now), "https://cdn.example.com/person.png");
  const stream = liveStreamOf(host, changes);
  await recordStream(stream);
  return stream;
}

async function idsOf(handler: unknown, userId: string, query = {}, as = "someone") {
  const { body } = await callEndpoint(handler, { as, path: { userId }, query });
  return (body.data as Stream[]).map(({ id }) => id);
}

test("past streams begin with the one that ended last, and planned ones with the next", async () => {
  const host = await makeUser(someone("host"));
  const ended = (startedAt: string, endedAt: string) =>
    add(host, { status: "ended", startedAt, endedAt });
  const long = await ended(inMinutes(-90), inMinutes(-10));
  const short = await ended(inMinutes(-60), inMinutes(-30));
  expect(await idsOf(past, host)).toEqual([long.id, short.id]);
  expect(await idsOf(past, host, { limit: "1" })).toEqual([long.id]);
  const planned = (plannedStartDate: string) =>
    add(host, { status: "scheduled", startedAt: null, plannedStartDate });
  const next = await planned(inMinutes(20));
  const later = await planned(inMinutes(40));
  expect(await idsOf(upcoming, host)).toEqual([next.id, later.id]);
  expect(await idsOf(upcoming, host, { limit: "1" })).toEqual([next.id]);
});

test("the active stream of a host is the live one that began last", async () => {
  const host = await makeUser(someone("host"));
  const began = await add(host, { startedAt: inMinutes(-1) });
  await add(host, { startedAt: inMinutes(-5) });
  const { body } = await callEndpoint(active, { as: host });
  expect(body.data).toMatchObject({ id: began.id });
});

test("a user's funded streams are those that may still take place", async () => {
  const fan = await makeUser(someone("fan"), 30);
  const streams = [await plannedStream(), await plannedStream(), await plannedStream()];
  for (const stream of streams) await giveTo(stream, 10, fan);
  const ids = streams.map(({ id }) => id);
  expect(await idsOf(funded, fan, {}, fan)).toEqual(ids.toReversed());
  const [planned, cancelled, deleted] = await Promise.all(
    ids.map((id) => getStream(id, { consistent: true })),
  );
  await changeStream(cancelled!, cancelStream, now);
  await changeStream(deleted!, (stream) => deleteStream(stream, now), now);
  expect(await idsOf(funded, fan, {}, fan)).toEqual([planned!.id]);
});

test("a page that would be too large ends earlier, and the next one begins there", async () => {
  const host = await makeUser(someone("host"));
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push((await add(host, { title: "x".repeat(50_000) })).id);
  const list = async ({ limit, after = "" }: { limit: number; after?: string | undefined }) =>
    ids.slice(ids.indexOf(after) + 1).slice(0, limit);
  const found: string[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page = await showListed({ after, limit: 10 }, list, (streams) => streams);
    if (Array.isArray(page)) throw new Error("This is the whole list");
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(300_000);
    found.push(...page.list.map(({ id }) => id));
    after = page.pageInfo.nextCursor;
  }
  expect(found).toEqual(ids);
});

test("a list names the guests of its first streams, and has the ids of the others", async () => {
  const [host, known] = [await makeUser(someone("host")), await makeUser(someone("guest"))];
  const named = [known, ...Array.from({ length: 29 }, () => someone("guest"))];
  const others = [someone("guest"), someone("guest")];
  const streams = [await add(host, { guests: named }), await add(host, { guests: others })];
  const shown = (await showStreams(streams)).map(({ broadcasters }) =>
    broadcasters.map(({ user }) => user),
  );
  // Of the first thirty only those with an account are shown.
  expect(shown).toEqual([
    [host, known],
    [host, ...others],
  ]);
});
