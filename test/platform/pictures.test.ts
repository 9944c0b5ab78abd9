import { largePictureId, usualBytesMax } from "../../domain/picture.ts";
import { handler as changePhoto } from "../../functions/people/users/change-photo.ts";
import { handler as createStream } from "../../functions/streams/create.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import {
  findPicture,
  forgetPicture,
  keepPicture,
  storePicture,
  sweepPictures,
} from "../../platform/pictures/pictures.ts";
import { newId } from "../../platform/runtime/id.ts";
import { recordNewUser } from "../../platform/store/people/profile-changes.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { listHosted } from "../../platform/store/streams/stream-lists.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { countUse } from "../../platform/table/rates.ts";
import { tableName } from "../../platform/table/table.ts";
import { commitTransaction } from "../../platform/table/transact.ts";
import { picture } from "../api/picture-files.ts";
import { callEndpoint } from "./api-call.ts";
import { useBucket } from "./bucket-double.ts";
import { intercept } from "./intercept.ts";
import { everyRate, useOwnTable } from "./table.ts";
import { makeUser } from "./wallet-people.ts";

const rates = { ...JSON.parse(everyRate(100, 100)), uploads: [0.1, 10_000] };
useOwnTable({ RATES: JSON.stringify(rates) });

const { came, objects, stored, failNext, duringNext } = useBucket();

const hour = 3600_000;
const file = { bytes: picture("image/gif"), mediaType: "image/gif" };
/** Stores a picture at a time; it is invisible until its actions are recorded. */
const caller = { userId: "uploader" };
const keepAt = (now: Date) => keepPicture(file, { caller, now, newId: () => newId(now) });

/*
 * Planted faults that turn this red: a sweep that does not look at the items, or one that takes
 * what is being stored at this moment.
 */
test("the sweep removes objects that no item refers to, once no call can still be using them", async () => {
  const now = new Date();
  const before = new Date(now.getTime() - 2 * hour);
  const [shown, orphan, forgotten] = await Promise.all([
    keepAt(before),
    keepAt(before),
    keepAt(before),
  ]);
  const underWay = await keepAt(now);
  await commitTransaction([...shown.actions, ...forgotten.actions]);
  await commitTransaction(forgetPicture(forgotten.id));
  expect(stored()).toHaveLength(16);
  expect(await findPicture(orphan.id)).toBeUndefined();
  expect(await sweepPictures(now)).toEqual({ seen: 16, removed: 8 });
  const names = [shown.id, underWay.id].flatMap((id) =>
    ["", "-40", "-480", "-76"].map((of) => id + of),
  );
  expect(stored()).toEqual(names.sort());
  expect(Buffer.from((await findPicture(shown.id))!.bytes)).toEqual(Buffer.from(file.bytes));
  expect(await sweepPictures(now)).toEqual({ seen: 8, removed: 0 });
  expect(await sweepPictures(new Date(now.getTime() + 2 * hour))).toEqual({ seen: 8, removed: 4 });
});

test("a picture that was stored half an hour ago and is not shown yet stays", async () => {
  const now = new Date();
  const { id } = await keepAt(new Date(now.getTime() - hour / 2));
  await sweepPictures(now);
  expect(stored()).toContain(id);
});

test("a sweep that runs out of time is continued where it ended", async () => {
  const now = new Date();
  const { id } = await keepAt(new Date(now.getTime() - 2 * hour));
  const others = Array.from({ length: 1_000 }, (_, n) => `0-${n}`);
  for (const name of others) objects().put("pictures", name, "");
  const { now: clock } = Date;
  let passed = 0;
  Date.now = () => clock() + passed;
  // The clock jumps at each call to the bucket.
  const { list } = objects();
  objects().list = (...given) => {
    passed += 31_000;
    return list(...given);
  };
  try {
    expect(await sweepPictures(now)).toEqual({ seen: 1_000, removed: 0 });
    expect((await sweepPictures(now)).removed).toBeGreaterThanOrEqual(4);
  } finally {
    Object.assign(Date, { now: clock });
    objects().list = list;
  }
  for (const name of others) objects().remove("pictures", name);
  expect(stored()).not.toContain(id);
});

test("a picture is found as soon as it is recorded, also by a read that is late", async () => {
  const { id, actions } = await keepAt(new Date());
  await commitTransaction(actions);
  const undo = intercept(async ({ name, input }, next) =>
    name === "GetCommand" && input.ConsistentRead !== true ? {} : next(),
  );
  try {
    expect((await findPicture(id))?.name).toBe(id);
  } finally {
    undo();
  }
});

test("a repeated call stores its picture once", async () => {
  const form = { field: "photo", bytes: picture("image/gif") };
  const as = await makeUser("twice");
  const send = () => callEndpoint(changePhoto, { as, key: "one", form });
  const first = await send();
  const before = stored();
  const second = await send();
  expect([first.status, second.status, second.body]).toEqual([200, 200, first.body]);
  expect(stored()).toEqual(before);
});

describe.each([
  ["a stream", createStream, "thumbnail", { title: "Late" }],
  ["a profile", changePhoto, "photo", {}],
])("the picture of %s, decoded while its user deletes the account,", (what, act, field, others) => {
  test.each([
    ["is recorded nowhere", false],
    ["is recorded nowhere, also if the user has returned", true],
  ])("%s", async (_, isBack) => {
    const as = await makeUser(`leaves-${field}-${isBack}`);
    duringNext(async () => {
      await removeUser({ userId: as, isForfeit: false, now: new Date() });
      if (isBack) await makeUser(as);
    });
    const form = { field, bytes: picture("image/gif"), others };
    const { status, body } = await callEndpoint(act, { as, form });
    expect([what, status, body.code]).toEqual([what, 404, "user_not_found"]);
    expect(await listHosted(as)).toEqual([]);
    const profile = await findProfile(as, { consistent: true });
    expect(profile?.username).toBe(isBack ? as : undefined);
    expect(profile?.pictureId).toBeUndefined();
  });
});

describe.each([
  ["a stream", createStream, "thumbnail", { title: "Late" }],
  ["a profile", changePhoto, "photo", {}],
])("the picture of %s whose user deleted the account before", (_, act, field, others) => {
  test("is refused, and makes no profile", async () => {
    const as = await makeUser(`left-${field}`);
    await removeUser({ userId: as, isForfeit: false, now: new Date() });
    const form = { field, bytes: picture("image/gif"), others };
    const { status, body } = await callEndpoint(act, { as, form });
    expect([status, body.code]).toEqual([404, "user_not_found"]);
    expect(await listHosted(as)).toEqual([]);
    expect(await findProfile(as, { consistent: true })).toBeUndefined();
  });
});

test("a user's first call may make a stream with a picture, though a replica still has the top-up", async () => {
  const as = "topped-up";
  await recordNewUser(as, {}, new Date(Date.now() - 60_000));
  const outdated = await getRawItem(key.profile(as));
  await makeUser(as);
  const undo = intercept(async ({ input }, next) => {
    const answer = await next();
    const text = JSON.stringify(input);
    if (!text.includes('"PROFILE"') || text.includes('"ConsistentRead":true')) return answer;
    return { Item: outdated, Responses: { [tableName()]: [outdated] } };
  });
  try {
    const form = { field: "thumbnail", bytes: picture("image/gif"), others: { title: "First" } };
    expect((await callEndpoint(createStream, { as, form })).status).toBe(201);
  } finally {
    undo();
  }
});

test("a guest who deletes the account while the stream's picture is decoded is not invited", async () => {
  const [as, guest] = [await makeUser("has-guest"), await makeUser("was-guest")];
  duringNext(() => removeUser({ userId: guest, isForfeit: false, now: new Date() }));
  const others = { title: "Two of us", guests: JSON.stringify([guest]) };
  const form = { field: "thumbnail", bytes: picture("image/gif"), others };
  const { status, body } = await callEndpoint(createStream, { as, form });
  expect([status, body.code]).toEqual([404, "user_not_found"]);
  expect(await listHosted(as)).toEqual([]);
});

/*
 * Planted fault that turns this red: an id that says nothing about its picture's size.
 */
test("only ids of pictures over 256 KB say that the picture is large", async () => {
  const now = new Date(Date.now() - 2 * hour);
  const isLarge = (id: string) => new RegExp(`^${largePictureId}$`).test(id);
  const kept: [size: number, id: string][] = [];
  for (const size of [1_000, usualBytesMax, usualBytesMax + 1]) {
    const bytes = picture("image/gif", size);
    const { id, actions } = await storePicture({ bytes, mediaType: "image/gif" }, undefined, {
      now,
      newId: () => newId(now),
    });
    kept.push([size, id]);
    expect([size, isLarge(id)]).toEqual([size, size > usualBytesMax]);
    expect(await commitTransaction(actions)).toBeUndefined();
    expect((await findPicture(id))?.bytes.length).toBe(size);
  }
  await sweepPictures(new Date());
  for (const [size, id] of kept) expect((await findPicture(id))?.bytes.length).toBe(size);
  for (let millisecond = 0; millisecond < 1_000; millisecond++)
    expect(isLarge(newId(new Date(millisecond)))).toBe(false);
});

test("the sweep walks as many pages as there are", async () => {
  const before = new Date(Date.now() - 2 * hour);
  for (let n = 0; n < 1_005; n++) objects().put("pictures", newId(before), "GIF89a");
  came.length = 0;
  const { removed } = await sweepPictures(new Date());
  // One call a page, and not one for each object.
  expect(came.filter((one) => one.startsWith("POST")).length).toBeLessThanOrEqual(2);
  expect(removed).toBeGreaterThanOrEqual(1_005);
  expect(came.filter((one) => one.includes("start-after")).length).toBeGreaterThan(0);
});

test("a user's daily uploads are limited in bytes, and other users are not affected", async () => {
  const large = { bytes: picture("image/png", 3_000_000), mediaType: "image/png" };
  const now = new Date();
  const send = (userId: string) =>
    keepPicture(large, { caller: { userId }, now, newId: () => newId(now) });
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, () =>
      send("many").then(
        () => "kept",
        ({ code }) => code,
      ),
    ),
  );
  // The limit here is ten megabytes; the last picture may exceed the rest of it.
  expect(outcomes.filter((one) => one === "kept")).toHaveLength(4);
  expect(new Set(outcomes)).toEqual(new Set(["kept", "too_many_requests"]));
  await send("other");
});

test("a call to the bucket that fails in passing is made again, and then refused", async () => {
  failNext(2);
  const kept = await keepAt(new Date());
  expect(stored()).toContain(kept.id);
  failNext(12);
  await expect(keepAt(new Date())).rejects.toMatchObject({ code: "unavailable" });
});

test("a small picture counts as a hundred kilobytes: decoding it may take a second", async () => {
  const now = new Date();
  const caller = { userId: "tiny" };
  const send = () => keepPicture(file, { caller, now, newId: () => newId(now) });
  for (let n = 0; n < 100; n += 50) await countUse("uploads", caller.userId, now, 4_900);
  await send();
  await send();
  await expect(send()).rejects.toMatchObject({ code: "too_many_requests" });
});

test("a form of a user who has no uploads left is refused before it is read", async () => {
  const as = "beyond";
  const send = () =>
    callEndpoint(changePhoto, {
      as,
      form: { field: "photo", bytes: new TextEncoder().encode("-") },
    });
  expect((await send()).status).toBe(400);
  for (let n = 0; n < 3; n++) await countUse("uploads", as, new Date(), 4_900);
  await expect(countUse("uploads", as, new Date(), 1)).rejects.toThrow();
  expect((await send()).status).toBe(429);
});
