/** The likes of many goals of one stream, one after the other. */
import { LikeItem, pastGoalsMax } from "../../domain/audience/likes.ts";
import type { MomentItem } from "../../domain/audience/moment.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import type { Caller } from "../../platform/auth/caller.ts";
import { newId } from "../../platform/runtime/id.ts";
import { anonymizeLikes } from "../../platform/store/audience/anonymization.ts";
import { findRemainder } from "../../platform/store/audience/anonymous-remainder.ts";
import { recordTaps } from "../../platform/store/audience/likes.ts";
import { finishMoment, recordResult, startMoment } from "../../platform/store/audience/moments.ts";
import { recount } from "../../platform/store/audience/recount.ts";
import { getItem, putItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";
import { forget, makeStream, makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const caller = { userId: "host", roles: [], claims: {} } as unknown as Caller;
const goal = { kind: "goal" as const, title: "Mic", of: "likes" as const, target: 3 };
const userId = "ann";

/** A stream in which a user likes once a second: each call of `like` is one tap. */
async function begin() {
  const stream = await makeStream(await makeUser(someone("host")));
  let [total, at] = [0, Date.now()];
  const like = () => {
    at += 1_000;
    const taps = { session: "session-1", total: ++total };
    return recordTaps({ streamId: stream.id, userId }, taps, new Date(at));
  };
  const erase = () => {
    total = 0;
    return anonymizeLikes(stream.id, userId, new Date(at).toISOString());
  };
  return { stream, like, erase };
}

type Show = Awaited<ReturnType<typeof begin>>;

const start = (stream: Stream) => startMoment(stream, goal, caller, forget);
const finish = (moment: MomentItem) =>
  finishMoment(moment, () => ({ status: "ended", endedAt: new Date() }), forget);
async function count(moment: MomentItem) {
  const { endedAt } = moment;
  const result = await recount(moment, endedAt!);
  expect(await recordResult(moment, endedAt!, result)).toBe(true);
  return result;
}
const goalsOf = async (streamId: string) =>
  Object.keys((await getItem(LikeItem, key.like(streamId, userId)))?.goals ?? {});
const misfitsOf = async (streamId: string) =>
  (await listSumMisfits(scanTable)).filter(({ item }) => item.includes(streamId));

/** Goals that began, were liked once, ended and were counted, one after the other. */
async function pass({ stream, like }: Show, goals: number) {
  for (let n = 0; n < goals; n++) {
    const moment = await start(stream);
    await like();
    await count(await finish(moment));
  }
}

test("a user's likes keep what is needed of many goals: the open, the uncounted and the newest", async () => {
  const show = await begin();
  const { id: streamId } = show.stream;
  const [long, waiting] = [await start(show.stream), await start(show.stream)];
  await show.like();
  const uncounted = await finish(waiting);
  await pass(show, pastGoalsMax + 20);
  const goals = await goalsOf(streamId);
  expect(goals).toEqual(expect.arrayContaining([long.id, uncounted.id]));
  expect(goals.length).toBeLessThanOrEqual(pastGoalsMax + 3);
  expect(await count(uncounted)).toEqual({ amount: 1, reached: false });
  expect(await count(await finish(long))).toEqual({ amount: pastGoalsMax + 21, reached: true });
  expect(await misfitsOf(streamId)).toEqual([]);
});

test("a like costs as much after many goals as after a few, also with goals of an earlier release", async () => {
  const { stream, like } = await begin();
  await like();
  const place = key.like(stream.id, userId);
  const item = (await getItem(LikeItem, place, { consistent: true }))!;
  const past = Array.from({ length: pastGoalsMax + 200 }, () => newId(new Date(0)));
  await putItem({ ...place, ...item, goals: Object.fromEntries(past.map((id) => [id, 1])) });
  for (let n = 0; n < 50; n++) await like();
  expect(await goalsOf(stream.id)).toEqual(past.sort().slice(-pastGoalsMax));
  const spent = await meterTable()(like);
  expect(spent.write).toBeLessThanOrEqual(3);
  expect(spent.read).toBeLessThanOrEqual(8);
});

test("erased users leave the likes of the open, uncounted and newest goals, and no others", async () => {
  const show = await begin();
  const { id: streamId } = show.stream;
  const long = await start(show.stream);
  await pass(show, pastGoalsMax + 10);
  await show.erase();
  for (let n = 0; n < 2; n++) {
    await pass(show, 10);
    await show.erase();
  }
  const { parts } = await findRemainder(streamId);
  expect(parts.size).toBeLessThanOrEqual(pastGoalsMax + 11);
  expect(await count(await finish(long))).toEqual({ amount: pastGoalsMax + 30, reached: true });
  expect(await misfitsOf(streamId)).toEqual([]);
});
