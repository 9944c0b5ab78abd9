/** What lists of notifications cost with the fullest items that callers can make. */
import { makeNotification, NewNotification } from "../../domain/people/notification.ts";
import { handler as listV1 } from "../../functions/people/notifications/list.ts";
import { handler as listV2 } from "../../functions/people/notifications/list-v2.ts";
import { newId } from "../../platform/runtime/id.ts";
import {
  markAll,
  markNotification,
  notificationActions,
} from "../../platform/store/people/notifications.ts";
import { type Item, putItem, writeItems } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const categories = ["payments", "live_stream"] as const;

/** A notification of the largest size, in characters that JSON escapes or UTF-8 makes long. */
function largest(userId: string, at: number) {
  const wish = {
    userId,
    type: "system",
    category: categories[at % 2],
    title: "\u{1f600}".repeat(200),
    message: "\u{1f600}".repeat(2_000),
    metadata: { a: "y".repeat(8 * 1024 - '{"a":""}'.length) },
  };
  const now = new Date();
  return makeNotification(NewNotification.parse(wish), newId(now), now);
}

/** A user with as many of the largest notifications as are kept, of two categories. */
async function fill(userId: string): Promise<string[]> {
  const all = Array.from({ length: 1_000 }, (_, at) => largest(userId, at));
  const items = all.flatMap((one) => notificationActions(one).map(({ Put }) => Put!.Item as Item));
  for (let at = 0; at < items.length; at += 250) await writeItems(items.slice(at, at + 250));
  return all.map(({ id }) => id);
}

const filters = [undefined, "true", "false"].flatMap((read) =>
  [undefined, categories[0]].flatMap((category) =>
    [undefined, "system"].map((type) => ({
      ...(read && { read }),
      ...(category && { category }),
      ...(type && { type }),
    })),
  ),
);

/** Each filter with each version, and of the second its largest pages. */
const calls = filters.flatMap((filter) => [
  { handler: listV1, query: filter },
  { handler: listV2, query: { ...filter, limit: "100" } },
  { handler: listV2, query: { ...filter, limit: "100", page: "3" } },
]);

/** The most that a call reads and answers, over all filters. */
async function findDearest(userId: string) {
  const measure = meterTable();
  const highest = { units: 0, bytes: 0, emptyUnits: 0 };
  for (const { handler, query } of calls) {
    let bytes = 0;
    let count = 0;
    const { read } = await measure(async () => {
      const { status, body } = await callEndpoint(handler, { as: userId, query });
      expect(status).toBe(200);
      bytes = Buffer.byteLength(JSON.stringify(body));
      const data = body.data as { list?: unknown[] } & unknown[];
      count = (data.list ?? data).length;
    });
    highest.units = Math.max(highest.units, read);
    highest.bytes = Math.max(highest.bytes, bytes);
    if (count === 0) highest.emptyUnits = Math.max(highest.emptyUnits, read);
  }
  return highest;
}

const userId = "full";
let full: string[];
beforeAll(async () => {
  full = await fill(userId);
});

test("the first version ends at 256 KB, the second counts and pages all of them", async () => {
  const ids = full.toReversed();
  const first = (await callEndpoint(listV1, { as: userId })).body.data as { id: string }[];
  expect(first.length).toBeGreaterThan(10);
  expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThanOrEqual(260 * 1024);
  expect(first.map(({ id }) => id)).toEqual(ids.slice(0, first.length));
  const query = { limit: "100", page: "10", category: "payments", read: "false" };
  const five = await callEndpoint(listV2, { as: userId, query: { ...query, page: "5" } });
  const expected = ids.filter((_, at) => at % 2 === 1).slice(400);
  const { list, pagination } = five.body.data as { list: { id: string }[]; pagination: object };
  expect(list.map(({ id }) => id)).toEqual(expected);
  expect(pagination).toMatchObject({ totalItems: 500, totalPages: 5, hasNextPage: false });
  const beyond = (await callEndpoint(listV2, { as: userId, query })).body.data;
  expect(beyond).toMatchObject({ list: [], pagination: { totalItems: 500, hasNextPage: false } });
});

test("no filter of a thousand of the largest notifications reads more than a page of them", async () => {
  const unread = await findDearest(userId);
  // `read=true` answers nothing, which 1,000 notifications of 18 KB once were read for.
  expect(unread.emptyUnits).toBeGreaterThan(0);
  // Alternates two kinds, so that no page is contiguous.
  for (let at = 0; at < 100; at++) await markNotification(userId, full[at * 7]!, true, new Date());
  const mixed = await findDearest(userId);
  expect(await markAll(userId, new Date())).toBe(900);
  const read = await findDearest(userId);
  for (const { units, bytes, emptyUnits } of [unread, mixed, read]) {
    expect(emptyUnits).toBeLessThanOrEqual(35);
    expect(units).toBeLessThanOrEqual(290);
    expect(bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
  }
});

test("notifications from before read ones had marks are listed, marked and filtered", async () => {
  const userId = "older";
  const expiresAt = Math.floor(Date.now() / 1000) + 3600;
  const [old, seen] = [largest(userId, 0), largest(userId, 1)];
  await putItem({ ...key.olderNotification(userId, old.id), ...old, expiresAt });
  await putItem({ ...key.unread(userId, old.id), expiresAt });
  await putItem({ ...key.olderNotification(userId, seen.id), ...seen, read: true, expiresAt });
  const fresh = largest(userId, 2);
  await writeItems(notificationActions(fresh).map(({ Put }) => Put!.Item as Item));
  const listed = async (read?: "true" | "false") => {
    const { body } = await callEndpoint(listV1, { as: userId, query: { ...(read && { read }) } });
    return (body.data as { id: string }[]).map(({ id }) => id);
  };
  expect(await listed()).toEqual([fresh.id, seen.id, old.id]);
  expect([await listed("false"), await listed("true")]).toEqual([[fresh.id, old.id], [seen.id]]);
  await markNotification(userId, old.id, true, new Date());
  await markNotification(userId, seen.id, false, new Date());
  expect([await listed("false"), await listed("true")]).toEqual([[fresh.id, seen.id], [old.id]]);
  expect(await markAll(userId, new Date())).toBe(2);
  expect([await listed("false"), await listed("true")]).toEqual([[], [fresh.id, seen.id, old.id]]);
});
