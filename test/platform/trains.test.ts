import type { MomentItem, TrainResult } from "../../domain/audience/moment.ts";
import { recordOf } from "../../domain/log/change.ts";
import type { LogRecord } from "../../domain/log/event.ts";
import { type FrameBody, makeFrame } from "../../domain/log/frame.ts";
import type { LogState } from "../../domain/log/sums.ts";
import { isOpenTrain } from "../../domain/log/train-progress.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler as changeTrain } from "../../functions/audience/moments/change-train.ts";
import { listSumMisfits } from "../../platform/audit/sum-misfits.ts";
import { eraseFromStreams } from "../../platform/own-data/erase-streams.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { appendRecords } from "../../platform/push/append.ts";
import { createJobs } from "../../platform/push/jobs.ts";
import { createPushCache } from "../../platform/push/push-cache.ts";
import { countState } from "../../platform/store/audience/count-state.ts";
import { endMoments } from "../../platform/store/audience/endings.ts";
import { storeTrains } from "../../platform/store/audience/log-state.ts";
import { findMoment, finishMoment } from "../../platform/store/audience/moments.ts";
import { listFrames, putFrame, readHead } from "../../platform/store/log/frames.ts";
import { resetLog } from "../../platform/store/log/log-reset.ts";
import { listGifts } from "../../platform/store/money/gifts.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { listActs } from "../../platform/store/streams/moderation.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { noteErasedStream } from "../../platform/store/streams/traces.ts";
import { getRawItem, updateItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { scanTable } from "../../platform/table/query.ts";
import { callEndpoint } from "./api-call.ts";
import { freeGovernor, posterWith } from "./push/posters.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { forget, giftTypeOf, makeStream, makeUser, sendOne, someone } from "./wallet-people.ts";

/*
 * A train is begun by the log alone: its item, its end and its result have to follow whatever dies.
 */

useOwnTable();
const queue = useQueue("ENDINGS_QUEUE_URL");
useQueue("ERASURES_QUEUE_URL");
beforeEach(() => void queue.take());

const train = {
  enabled: true,
  startCredits: 20,
  startSenders: 2,
  windowSeconds: 300,
  levels: [30, 100],
  levelSeconds: 60,
};
const outlet = {
  poster: posterWith({ post: async () => "sent" as const }),
  governor: freeGovernor,
  jobs: createJobs(async () => undefined),
};
const picture = process.env.DEFAULT_PICTURE ?? "";
const after = (at: string, seconds: number) => new Date(Date.parse(at) + seconds * 1000);

/** A stream with trains in its log, and the actions of a test on its gifts. */
async function live() {
  const now = new Date();
  const stream = await makeStream(someone("host"), { train });
  const { id: streamId } = stream;
  const [ann, ben] = await Promise.all(
    ["ann", "ben"].map((name) => makeUser(someone(name), 10_000)),
  );
  const createdAt = Math.floor(now.getTime() / 1000);
  const change = { kind: "stream" as const, streamId, createdAt, new: stream };
  const begun = recordOf(change, picture)!;
  await append(stream, [begun]);
  /** Gives `count` tens some seconds from now; answers the record, which no log has yet. */
  const give = async (by: string, seconds: number, count = 1): Promise<LogRecord> => {
    const at = after(now.toISOString(), seconds);
    const id = await sendOne(stream, by, giftTypeOf(10), { now: at, count });
    const item = await getRawItem(key.gift(streamId, id), { consistent: true });
    return recordOf({ kind: "gift", streamId, createdAt, new: item! }, picture)!;
  };
  return { stream, streamId, now, give, ann: ann!, ben: ben! };
}

const append = (
  { id: streamId }: Stream,
  records: readonly LogRecord[],
  cache = createPushCache(),
) => appendRecords({ streamId, now: new Date(), cache, outlet }, records);

async function trainOf(streamId: string): Promise<{ id: string; item: MomentItem | undefined }> {
  const { id } = (await readHead(streamId)).moments!.find(({ kind }) => kind === "train")!;
  return { id, item: await findMoment(streamId, id) };
}

async function eventsOf(streamId: string): Promise<string[]> {
  const frames = await listFrames(streamId, 0, 1_000);
  const events = frames.flatMap(({ body }) => (JSON.parse(body) as FrameBody).events);
  return events.map(({ id }) => id).filter((id) => id.startsWith("moment:"));
}

/** Marks the gifts of this sender as refunded. */
async function refund(streamId: string, senderId: string): Promise<void> {
  const { gifts } = await listGifts(streamId, { limit: 10 });
  for (const { id, sender } of gifts)
    if (sender.userId === senderId)
      await updateItem({
        Key: key.gift(streamId, id),
        UpdateExpression: "SET refundedAt = :at",
        ExpressionAttributeValues: { ":at": new Date().toISOString() },
      });
}

const misfitsOf = async (streamId: string) =>
  (await listSumMisfits(scanTable)).filter(({ item }) => item.includes(streamId));

/** What a call does that dies once its frame is in the log. */
async function putIntoLog(streamId: string, records: readonly LogRecord[]): Promise<void> {
  const end = await readHead(streamId);
  const { frame } = makeFrame(end, records, { streamId, viewers: 1 }, new Date());
  await putFrame(streamId, frame);
}

test("a train is stored with its start and each level, and ends on time with its result", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  const records = [await give(ann, 0), await give(ben, 1, 2), await give(ann, 2)];
  await append(stream, records.slice(0, 2));
  const { id, item } = await trainOf(streamId);
  expect(item).toMatchObject({
    kind: "train",
    status: "open",
    level: 0,
    train: { levels: [30, 100] },
  });
  await append(stream, records.slice(2));
  const later = (await findMoment(streamId, id))!;
  expect(later).toMatchObject({ level: 1, endsAt: after(item!.startedAt, 120).toISOString() });
  expect(await misfitsOf(streamId)).toEqual([]);

  await endMoments({ streamId, momentId: id }, after(later.endsAt!, 11));
  expect((await findMoment(streamId, id))!.result).toBeUndefined();
  expect(queue.take()).toHaveLength(1);
  await endMoments({ streamId, momentId: id }, after(later.endsAt!, 12));
  expect(await findMoment(streamId, id)).toMatchObject({
    status: "ended",
    endedAt: later.endsAt,
    level: 1,
    result: {
      level: 1,
      credits: 30,
      top: [
        { user: { _id: ben }, credits: 20 },
        { user: { _id: ann }, credits: 10 },
      ],
    },
  });
  const over = await findMoment(streamId, id);
  await endMoments({ streamId, momentId: id }, after(later.endsAt!, 13));
  expect(await findMoment(streamId, id)).toEqual(over);
  expect(queue.take()).toEqual([]);
  expect(await misfitsOf(streamId)).toEqual([]);
});

test("if the call that stored the frame dies, the next call with its records stores the train", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  const records = [await give(ann, 0), await give(ben, 1)];
  await putIntoLog(streamId, records);
  expect((await trainOf(streamId)).item).toBeUndefined();
  await append(stream, records.slice(1));
  expect((await trainOf(streamId)).item).toMatchObject({ status: "open" });
  expect(await eventsOf(streamId)).toHaveLength(1);
});

test("in two environments, with duplicates and other batches, each event happens once", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  const records = [
    ...[await give(ann, 0), await give(ben, 1), await give(ann, 2, 3)],
    ...[await give(ben, 3, 7), await give(ann, 4)],
  ];
  await Promise.all([
    append(stream, records.slice(0, 3)).then(() => append(stream, records)),
    append(stream, records.slice(0, 2)).then(() => append(stream, records.slice(1))),
  ]);
  const { id, item } = await trainOf(streamId);
  const of = (...names: string[]) => names.map((name) => `moment:${id}:${name}`);
  expect(await eventsOf(streamId)).toEqual(of("started", "level:1", "level:2"));
  const { sums } = await readHead(streamId);
  expect(sums?.[id]).toEqual([2, 120, null]);
  expect(item).toMatchObject({ level: 2, endsAt: after(item!.startedAt, 180).toISOString() });
});

test("a call that lags behind another does not cut the train short", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 1)]);
  const { moments: before = [] } = await readHead(streamId);
  await append(stream, [await give(ann, 2, 2)]);
  const { item } = await trainOf(streamId);
  await storeTrains(streamId, before);
  expect(item).toMatchObject({ status: "open", level: 1 });
  expect((await trainOf(streamId)).item).toEqual(item);
});

test("a train whose item lacks its newest level is extended before it ends", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 1)]);
  const { id, item } = await trainOf(streamId);
  const more = [await give(ann, 2, 2)];
  await putIntoLog(streamId, more);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 12));
  const later = (await findMoment(streamId, id))!;
  expect(later).toMatchObject({ status: "open", level: 1 });
  expect(Date.parse(later.endsAt!) - Date.parse(item!.endsAt!)).toBe(60_000);
  expect(queue.take()).toHaveLength(1);
});

test("a result waits for a log without all gifts, but at most a minute", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 1)]);
  const { id, item } = await trainOf(streamId);
  await give(ann, 2);
  const end = (seconds: number) =>
    endMoments({ streamId, momentId: id }, after(item!.endsAt!, seconds));
  await end(12);
  expect((await findMoment(streamId, id))!.result).toBeUndefined();
  expect(queue.take()).toHaveLength(1);
  await end(72);
  expect((await findMoment(streamId, id))!.result).toMatchObject({ level: 0, credits: 20 });
});

test("a level that viewers have seen stays, although a refund takes its credits", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 1, 2), await give(ann, 2)]);
  const { id, item } = await trainOf(streamId);
  expect(item).toMatchObject({ level: 1 });
  await refund(streamId, ann);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 72));
  expect((await findMoment(streamId, id))!.result).toMatchObject({ level: 1, credits: 20 });
});

test("a train ended by hand or cancelled stays so, whatever its log says later", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 1)]);
  const { id, item } = await trainOf(streamId);
  await finishMoment(item!, () => ({ status: "cancelled", endedAt: new Date() }), forget);
  await append(stream, [await give(ann, 2, 3)]);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 100));
  expect(await findMoment(streamId, id)).toMatchObject({ status: "cancelled", level: 0 });
});

test("switching trains off cancels the stored one, once, and the stream's end ends it", async () => {
  for (const isEnd of [false, true]) {
    const { stream, streamId, give, ann, ben, now } = await live();
    await append(stream, [await give(ann, 0), await give(ben, 1)]);
    const at = after(now.toISOString(), 5).toISOString();
    const changes = isEnd
      ? { status: "ended", endedAt: at }
      : { train: { ...train, enabled: false } };
    const is = { ...stream, ...changes, updatedAt: at, revision: stream.revision + 1 };
    const createdAt = Math.floor(now.getTime() / 1000);
    const off = { kind: "stream" as const, streamId, createdAt, old: stream, new: is };
    await append(stream, [recordOf(off, picture)!]);
    const { id, item } = await trainOf(streamId);
    expect(item).toMatchObject({ status: isEnd ? "ended" : "cancelled", endedAt: at });
    const { moments = [] } = await readHead(streamId);
    await storeTrains(streamId, moments);
    expect(await findMoment(streamId, id)).toEqual(item);
    await endMoments({ streamId, momentId: id }, after(at, 12));
    const { result } = (await findMoment(streamId, id))!;
    expect(result).toEqual(isEnd ? expect.objectContaining({ level: 0, credits: 10 }) : undefined);
  }
});

test("the same settings again change nothing and are not logged", async () => {
  const { stream, streamId } = await live();
  const put = (body: object) =>
    callEndpoint(changeTrain, { as: stream.hostId, path: { streamId }, body });
  expect((await put(train)).status).toBe(200);
  expect(await listActs(streamId, 10, undefined)).toEqual([]);
  const other = { ...train, levelSeconds: 90 };
  for (let times = 0; times < 2; times++) expect((await put(other)).body.data).toEqual(other);
  expect(await listActs(streamId, 10, undefined)).toHaveLength(1);
  expect(await getStream(streamId)).toMatchObject({ revision: stream.revision + 1 });
});

test("a reset log knows its train, the gifts without a frame, and what may start the next one", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  const records = [await give(ann, 0), await give(ben, 1)];
  await putIntoLog(streamId, records);
  // This gift has no item and no frame.
  const waiting = await give(ann, 2, 3);
  const reset = () =>
    resetLog(streamId, new Date(Date.now() + 5_000), (one, was: LogState) =>
      countState(one, picture, was),
    );
  await reset();
  const { id } = await trainOf(streamId);
  const head = await readHead(streamId);
  expect(head.sums).toEqual({ [id]: [1, 40, 100] });
  expect(head.moments!.filter(isOpenTrain)).toMatchObject([{ train: { level: 1 } }]);
  await append(stream, [...records, waiting]);
  expect((await readHead(streamId)).sums).toEqual({ [id]: [1, 40, 100] });
  expect(await findMoment(streamId, id)).toMatchObject({ status: "open", level: 1 });

  const other = await live();
  await other.give(other.ann, 0);
  await resetLog(other.streamId, new Date(), (one, was) => countState(one, picture, was));
  const { trains } = await readHead(other.streamId);
  expect(trains).toMatchObject({ settings: train, window: { latestCredits: 10 } });

  const refunded = await live();
  await refunded.give(refunded.ann, 0);
  await refund(refunded.streamId, refunded.ann);
  await resetLog(refunded.streamId, new Date(), (one, was) => countState(one, picture, was));
  expect((await readHead(refunded.streamId)).trains).not.toHaveProperty("window");
});

test("senders without a username are in the result, and an audit reports a result without a sender", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  const bare = someone("bare");
  await topUp({ userId: bare, amount: 1_000, reference: "sale", now: new Date() }, forget);
  await append(stream, [await give(ben, 0), await give(bare, 1, 50), await give(ann, 2)]);
  const { id, item } = await trainOf(streamId);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 12));
  const { result } = (await findMoment(streamId, id))!;
  const given = [
    [bare, 500],
    [ann, 10],
  ];
  const { top } = result as TrainResult;
  expect(top.map(({ user, credits }) => [user._id, credits])).toEqual(given);
  expect(await misfitsOf(streamId)).toEqual([]);
  const setTop = (value: TrainResult["top"]) =>
    updateItem({
      Key: key.moment(streamId, id),
      UpdateExpression: "SET #result.#top = :top",
      ExpressionAttributeNames: { "#result": "result", "#top": "top" },
      ExpressionAttributeValues: { ":top": value },
    });
  await setTop(top.filter(({ user }) => user._id !== ann));
  expect(await misfitsOf(streamId)).toHaveLength(1);
  await setTop(top);
});

test("a deleted sender is not in the result, even if a new user has the same sub", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ben, 0, 2), await give(ann, 0)]);
  const { id, item } = await trainOf(streamId);
  await removeUser({ userId: ben, isForfeit: true, now: new Date() });
  await makeUser(ben);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 12));
  const { result } = (await findMoment(streamId, id))!;
  expect(result).toMatchObject({ credits: 30, top: [{ user: { _id: ann }, credits: 10 }] });
  expect(JSON.stringify(result)).not.toContain(ben);
  expect(await misfitsOf(streamId)).toEqual([]);
});

test("an erased user is no longer among those who gave most, and the credits stay", async () => {
  const { stream, streamId, give, ann, ben } = await live();
  await append(stream, [await give(ann, 0), await give(ben, 0, 2)]);
  const { id, item } = await trainOf(streamId);
  await endMoments({ streamId, momentId: id }, after(item!.endsAt!, 12));
  await removeUser({ userId: ben, isForfeit: true, now: new Date() });
  const at = new Date().toISOString();
  await noteErasedStream(ben, streamId, at);
  const erasure = { userId: ben, at, seq: 0, step: 0 };
  for (let place: string | undefined, n = 0; n < 20; n++) {
    place = await eraseFromStreams({
      ...erasure,
      ...(place !== undefined && { after: place }),
    } as never);
    if (place === undefined) break;
  }
  const { result } = (await findMoment(streamId, id))!;
  // Both gave in the millisecond in which it began, so both gifts are its own.
  expect(result).toMatchObject({ credits: 30, top: [{ user: { _id: ann }, credits: 10 }] });
  expect(JSON.stringify(result)).not.toContain(ben);
  expect(await misfitsOf(streamId)).toEqual([]);
});
