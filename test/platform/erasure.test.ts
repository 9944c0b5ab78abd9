import { expect, test } from "@jest/globals";
import { handler as remove } from "../../functions/people/users/delete-me.ts";
import { handler as erase } from "../../functions/people/users/erase.ts";
import { eraseFrames } from "../../platform/own-data/erase-frames.ts";
import { eraseNotices } from "../../platform/own-data/erase-notices.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { usePageSizes } from "../../platform/own-data/page-sizes.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { beginInvocation } from "../../platform/runtime/deadline.ts";
import { recordTaps } from "../../platform/store/audience/likes.ts";
import { findLikers, noteLikers } from "../../platform/store/audience/log-state.ts";
import { settleAll } from "../../platform/store/money/settle.ts";
import { noteTrace } from "../../platform/store/streams/traces.ts";
import { getRawItem, putItem } from "../../platform/table/items.ts";
import { key, prefix } from "../../platform/table/keys.ts";
import { queryWhole } from "../../platform/table/query.ts";
import { callEndpoint } from "./api-call.ts";
import { useQueue } from "./queue-double.ts";
import { putMessage } from "./stored-messages.ts";
import { useOwnTable } from "./table.ts";
import { giftTypeOf, makeStream, makeUser, readGift, sendOne, someone } from "./wallet-people.ts";

useOwnTable();
const queue = useQueue("ERASURES_QUEUE_URL");
afterEach(() => {
  usePageSizes(undefined);
  beginInvocation(undefined);
});

test("a user cannot delete their account while a gift is pending, with or without forfeit; later they can", async () => {
  const [sender, host] = [await makeUser(someone("sender"), 100), await makeUser(someone("host"))];
  const stream = await makeStream(host);
  const giftId = await sendOne(stream, sender, giftTypeOf(10));
  for (const query of [{}, { forfeit: "true" }]) {
    const { status, body } = await callEndpoint(remove, { as: host, query });
    expect(status).toBe(409);
    expect(JSON.stringify(body)).toContain("10 credits are still on their way to you");
  }
  await settleAll([await readGift(stream.id, giftId)], new Date());
  const { status } = await callEndpoint(remove, { as: host, query: { forfeit: "true" } });
  expect(status).toBe(204);
});

test("more messages than a page are erased page by page, each page however often it is repeated", async () => {
  const [user, other] = [await makeUser(someone("user")), await makeUser(someone("other"))];
  const stream = await makeStream(other);
  const now = new Date();
  const count = 6;
  usePageSizes({ messages: 4, changes: 2 });
  for (let n = 1; n <= count; n++) await putMessage(stream.id, n, n % 3 === 0 ? other : user, now);
  await noteTrace({ userId: user, createdAt: now.toISOString() }, stream.id, now);
  const later = new Date(now.getTime() + 60_000);
  await putMessage(stream.id, count + 1, user, new Date(later.getTime() + 60_000));
  await removeUser({ userId: user, isForfeit: false, now: later });
  queue.take();
  // One page for each message of the queue, and each message twice at once.
  await continueErasure(user, 1);
  let asked = queue.take();
  for (let turn = 0; turn < 60; turn++) {
    const step = (await getRawItem(key.erasure(user), { consistent: true }))?.step;
    if (step === undefined || step === 7) break;
    expect(asked.length).toBeGreaterThan(0);
    await Promise.all([continueErasure(user, 1), continueErasure(user, 1)]);
    asked = queue.take();
  }
  expect(await getRawItem(key.erasure(user), { consistent: true })).toMatchObject({ step: 7 });
  for (let n = 1; n <= count + 1; n++) {
    const item = await getRawItem(key.message(stream.id, n), { consistent: true });
    const isErased = n <= count && n % 3 !== 0;
    expect([n, item?.content]).toEqual([n, isErased ? undefined : `text ${n}`]);
    expect(item?.sender).toMatchObject({ name: isErased ? "" : "Zoe" });
  }
  // The frames wait until everything is in one: the queue has asked for the rest.
  expect(asked.length).toBeGreaterThan(0);
  await continueErasure(user, 1);
  expect(await getRawItem(key.erasure(user), { consistent: true })).toMatchObject({ step: 7 });
  const delays = queue.take().map(({ delaySeconds }) => delaySeconds);
  expect(delays).toHaveLength(1);
  expect(delays[0]).toBeGreaterThan(later.getTime() / 1000 - Date.now() / 1000);
});

// Planted fault that turns this red: a walk that goes on although another has moved the erasure.
test("concurrent runs of one erasure continue as one", async () => {
  const user = await makeUser(someone("user"));
  await removeUser({ userId: user, isForfeit: false, now: new Date() });
  queue.take();
  await Promise.all(Array.from({ length: 10 }, () => continueErasure(user, 1)));
  expect(queue.take()).toHaveLength(1);
});

test("an erasure in an invocation that has little time left continues in the next one", async () => {
  const user = await makeUser(someone("user"));
  await removeUser({ userId: user, isForfeit: false, now: new Date() });
  queue.take();
  beginInvocation({ getRemainingTimeInMillis: () => 5_000 });
  await continueErasure(user);
  expect(await getRawItem(key.erasure(user), { consistent: true })).toMatchObject({ step: 0 });
  expect(queue.take()).toHaveLength(1);
  beginInvocation(undefined);
  await continueErasure(user);
  expect(await getRawItem(key.erasure(user), { consistent: true })).toMatchObject({ step: 7 });
  queue.take();
});

test("likes that reach the log after their user's erasure are not the next user's", async () => {
  const [user, now] = [await makeUser(someone("user")), new Date()];
  const { id: streamId } = await makeStream(someone("host"));
  const tap = (session: string, total: number) =>
    recordTaps({ streamId, userId: user }, { session, total }, new Date());
  const topOf = async () => (await findLikers(streamId)).map(({ likes }) => likes);
  await tap("session-1", 50);
  await noteTrace({ userId: user, createdAt: now.toISOString() }, streamId, now);
  await removeUser({ userId: user, isForfeit: false, now: new Date() });
  const { at } = (await getRawItem(key.erasure(user), { consistent: true }))!;
  await continueErasure(user);
  await makeUser(user);
  await tap("session-2", 1);
  await noteLikers(streamId, [{ userId: user, likes: 50, at: now.toISOString() }]);
  expect(await topOf()).toEqual([50]);
  const erasure = { userId: user, at: String(at), seq: 0, step: 7 };
  for (let after = await eraseFrames(erasure); after !== undefined; )
    after = await eraseFrames({ ...erasure, after });
  expect(await topOf()).toEqual([1]);
  queue.take();
});

test("a host's name is removed from notifications of their streams, and no other title changes", async () => {
  const [user, streamId] = [someone("user"), "a".repeat(24)];
  const put = (n: number, category: string, title: string, about: string) => {
    const id = String(n).padStart(24, "0");
    const metadata = JSON.stringify({ streamId: about });
    return putItem({ ...key.notification(user, id), id, category, title, metadata });
  };
  await put(1, "live_stream", "Zoe is live", streamId);
  await put(2, "live_stream", "Zoe is live", "b".repeat(24));
  await put(3, "gift", "Ann sent you a Rose", streamId);
  expect(await eraseNotices([user], new Set([streamId]))).toBe(true);
  const items = await queryWhole(key.notification(user, ""), { prefix: prefix.notifications });
  expect(items.map(({ title }) => title)).toEqual([
    "A streamer is live",
    "Zoe is live",
    "Ann sent you a Rose",
  ]);
});

test("an erasure message does nothing for a user who was not deleted", async () => {
  const user = await makeUser(someone("user"));
  const records = [{ messageId: "m", body: JSON.stringify({ userId: user }) }];
  const answer = await (erase as unknown as (event: unknown) => Promise<unknown>)({
    Records: records,
  });
  expect(answer).toEqual({ batchItemFailures: [] });
  expect(await getRawItem(key.profile(user))).toMatchObject({ username: user });
  expect(queue.take()).toEqual([]);
});
