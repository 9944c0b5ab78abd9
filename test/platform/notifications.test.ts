import { makeNotification, NewNotification } from "../../domain/people/notification.ts";
import { newId } from "../../platform/runtime/id.ts";
import { listNotifications } from "../../platform/store/people/notification-lists.ts";
import { countUnread } from "../../platform/store/people/notification-marks.ts";
import {
  deleteNotifications,
  markAll,
  markNotification,
  notificationActions,
  recordNotification,
} from "../../platform/store/people/notifications.ts";
import { getRawItem, type Item, writeItems } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { queryWhole } from "../../platform/table/query.ts";
import { transact } from "../../platform/table/transact.ts";
import { meterTable } from "./call-meter.ts";
import { intercept } from "./intercept.ts";
import { atEachRequest } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();

const now = new Date();
type Asked = { Keys: { SK: string }[] };
type Batch = Record<string, Asked>;
const days = (count: number) => new Date(now.getTime() + count * 24 * 3600 * 1000);

function notificationOf(userId: string, at = now) {
  const kind = { type: "system", category: "messages", title: "Hello" };
  const wish = { ...kind, userId, message: "x".repeat(2000), metadata: { a: "y".repeat(4000) } };
  return makeNotification(NewNotification.parse(wish), newId(at), at);
}

async function notify(userId: string, at = now) {
  const notification = notificationOf(userId, at);
  await recordNotification(notification);
  return notification.id;
}

test("unread notifications are counted by their marks, without reading their texts", async () => {
  const userId = await makeUser(someone("user"));
  const ids = await Promise.all(Array.from({ length: 60 }, () => notify(userId)));
  const measure = meterTable();
  let count = 0;
  const spent = await measure(async () => {
    count = await countUnread(userId, now);
  });
  expect(count).toBe(60);
  // The 60 notifications are 360 kilobytes.
  expect(spent.read).toBeLessThanOrEqual(3);
  await markNotification(userId, ids[0]!, true, now);
  await markNotification(userId, ids[0]!, true, now);
  await markNotification(userId, ids[1]!, true, now);
  await markNotification(userId, ids[1]!, false, now);
  await deleteNotifications(userId, [ids[0]!, ids[2]!]);
  expect(await countUnread(userId, now)).toBe(58);
  const unread = await listNotifications(userId, { read: false }, 100, now);
  expect(unread).toHaveLength(58);
  expect(await markAll(userId, now)).toBe(58);
  expect([await countUnread(userId, now), await markAll(userId, now)]).toEqual([0, 0]);
  expect(await listNotifications(userId, { read: true }, 100, now)).toHaveLength(58);
});

test.each([
  [0, 1],
  [10, 2],
  [100, 4],
  [1_000, 31],
])("%d unread ones are counted for %d read units", async (count, units) => {
  // As long as a real one.
  const userId = newId(now);
  const marks = Array.from({ length: count }, () => key.unread(userId, newId(now)));
  const shown = { type: "system", category: "following_activity", bytes: 10_000 };
  const expiresAt = Math.floor(days(90).getTime() / 1000);
  for (let at = 0; at < count; at += 100) {
    const some = marks.slice(at, at + 100);
    await transact(some.map((place) => ({ Put: { Item: { ...place, ...shown, expiresAt } } })));
  }
  let counted = -1;
  const spent = await meterTable()(async () => {
    counted = await countUnread(userId, now);
  });
  expect([counted, spent.read]).toEqual([count, units]);
});

test("the count is right after concurrent marks and deletions of the same notifications", async () => {
  const userId = await makeUser(someone("user"));
  const ids = await Promise.all(Array.from({ length: 6 }, () => notify(userId)));
  await Promise.all([
    markAll(userId, now),
    deleteNotifications(userId, ids.slice(0, 2)),
    ...ids.slice(2, 4).map((id) => markNotification(userId, id, true, now)),
  ]);
  await markNotification(userId, ids[5]!, false, now);
  const unread = await listNotifications(userId, { read: false }, 100, now);
  expect(unread.map(({ id }) => id)).toEqual([ids[5]]);
  expect(await countUnread(userId, now)).toBe(1);
});

test("after 90 days they are not listed, and the table removes them and their marks", async () => {
  const userId = await makeUser(someone("user"));
  const old = await notify(userId, days(-91));
  const late = await notify(userId, days(-89));
  expect((await listNotifications(userId, {}, 10, now)).map(({ id }) => id)).toEqual([late]);
  expect(await countUnread(userId, now)).toBe(1);
  for (const place of [key.notification(userId, old), key.unread(userId, old)])
    expect((await getRawItem(place))?.expiresAt).toBeLessThan(now.getTime() / 1000);
  expect(await countUnread(userId, days(2))).toBe(0);
});

test("unread notifications beyond the newest 1,000 are removed over time", async () => {
  const userId = await makeUser(someone("user"));
  const earlier = Array.from({ length: 1_010 }, () => newId(days(-1)));
  const made = earlier.map((id) => ({ ...notificationOf(userId, days(-1)), id, message: "" }));
  const items = made.flatMap((one) => notificationActions(one).map(({ Put }) => Put!.Item as Item));
  await writeItems(items);
  for (let n = 0; n < 40; n++) await notify(userId);
  const kept = await queryWhole(key.notification(userId, ""), { prefix: "NOTE#" });
  expect(kept.length).toBeLessThan(1_000 + 40);
  expect(kept.length).toBeGreaterThanOrEqual(1_000);
  // The oldest went first.
  expect(kept.map(({ id }) => id)).not.toContain(earlier[0]);
  expect(await countUnread(userId, now)).toBe(1_000);
  expect(await listNotifications(userId, {}, 5_000, now)).toHaveLength(1_000);
});

test("a notification is created although old ones cannot be removed now", async () => {
  const userId = await makeUser(someone("user"));
  const undo = intercept(async ({ name }, next) => {
    if (name === "QueryCommand") throw Object.assign(new Error(), { name: "ThrottlingException" });
    return next();
  });
  try {
    for (let n = 0; n < 33; n++) await notify(userId);
  } finally {
    undo();
  }
  expect(await countUnread(userId, now)).toBe(33);
});

test.each(["before", "after"])(
  "the count and read-all are of what lists show, also of data from %s read ones had marks",
  async (written) => {
    const userId = await makeUser(someone("user"));
    const expiresAt = Math.floor(days(90).getTime() / 1000);
    const [hidden, shown] = [newId(days(-5)), newId(days(-3))];
    const readOnes = Array.from({ length: 1_000 }, (_, n) => newId(days(n === 0 ? -4 : -2)));
    const isOld = written === "before";
    const items = [hidden, shown, ...readOnes].flatMap((id) => {
      const read = readOnes.includes(id);
      const whole = { ...notificationOf(userId, days(-2)), id, read, message: "", metadata: "{}" };
      const mark = isOld ? {} : { type: whole.type, category: whole.category, bytes: 400 };
      const place = isOld ? key.olderNotification(userId, id) : key.notification(userId, id);
      const markPlace = read ? key.readMark(userId, id) : key.unread(userId, id);
      const marks = isOld && read ? [] : [{ ...markPlace, ...mark, expiresAt }];
      return [{ ...place, ...whole, expiresAt }, ...marks];
    });
    await writeItems(items);
    const list = () => listNotifications(userId, { read: false }, 5_000, now);
    expect((await list()).map(({ id }) => id)).toEqual([shown]);
    expect(await countUnread(userId, now)).toBe(1);
    expect(await markAll(userId, now)).toBe(1);
    expect([await list(), await countUnread(userId, now)]).toEqual([[], 0]);
  },
);

test("a list that is read while all are marked as read has each notification once", () =>
  atEachRequest(async () => {
    const userId = await makeUser(someone("user"));
    const ids = [await notify(userId), await notify(userId)];
    let listed: string[] = [];
    return {
      act: async () => {
        listed = (await listNotifications(userId, {}, 10)).map(({ id }) => id);
      },
      meanwhile: () => markAll(userId, now),
      check: async () => expect(listed.sort()).toEqual(ids.sort()),
    };
  }));

test("a notification that another device marks while it is read in parts is found", async () => {
  const userId = await makeUser(someone("user"));
  const id = await notify(userId);
  let isSplit = false;
  const undo = intercept(async ({ name, input }, next) => {
    if (name !== "BatchGetCommand" || isSplit) return next();
    isSplit = true;
    const [[table, { Keys }]] = Object.entries(input.RequestItems as Batch) as [[string, Asked]];
    const isUnread = ({ SK }: { SK: string }) => SK.startsWith("UNREAD#");
    const { Responses } = await next();
    const read = (Responses as Record<string, { SK: string }[]>)[table]!;
    await markNotification(userId, id, true, now);
    return {
      Responses: { [table]: read.filter((item) => !isUnread(item)) },
      UnprocessedKeys: { [table]: { Keys: Keys.filter(isUnread), ConsistentRead: true } },
    };
  });
  try {
    expect(await markNotification(userId, id, true, now)).toMatchObject({ id, read: true });
    expect(isSplit).toBe(true);
  } finally {
    undo();
  }
});
