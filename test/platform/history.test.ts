import { randomUUID } from "node:crypto";
import { GetCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { findMessage, listMessages, recordGap } from "../../platform/store/streams/messages.ts";
import { deleteMessage } from "../../platform/store/streams/pins.ts";
import { recordMessage, takeNumber } from "../../platform/store/streams/sent-messages.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { fullProfile, userAt } from "./costs/fullest.ts";
import { countUnits, intercept } from "./intercept.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useOwnTable } from "./table.ts";

let readUnits = 0;
useOwnTable();
beforeAll(() => {
  intercept(async (sent, next) => {
    const { answer, units } = await countUnits(sent, next);
    if (/Get|Query/.test(sent.name)) readUnits += units;
    return answer;
  });
});
beforeEach(() => {
  readUnits = 0;
});

const now = new Date();
const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const picture = "https://cdn.example.com/person.png";
const sender = profileOf("sender", { given_name: "John" }, now);
const nothing = { answer: undefined, remember: [] };

async function newStream() {
  const stream = liveStreamOf(summaryOf(profileOf("host", {}, now), picture), {}, now);
  await recordStream(stream);
  return stream;
}
type Stream = Awaited<ReturnType<typeof newStream>>;

async function say(stream: Stream, content: string, n?: number, by = sender) {
  const number = n ?? (await takeNumber(stream.id));
  const message = makeMessage({ content }, { stream, sender: by, n: number, now });
  await recordMessage(message, nothing);
  return message;
}

/** Sets how many numbers have been taken. */
const setCount = (stream: Stream, count: number) =>
  table().send(
    new UpdateCommand({
      TableName: tableName(),
      Key: key.chat(stream.id),
      UpdateExpression: "SET #count = :count",
      ExpressionAttributeNames: { "#count": "count" },
      ExpressionAttributeValues: { ":count": count },
    }),
  );

/** Makes a chat of many messages at once; `fewer` are left out, as by calls that died. */
async function sayMany(stream: Stream, count: number, fewer: readonly number[] = []) {
  await setCount(stream, count);
  const numbers = down(count, 1).filter((n) => !fewer.includes(n));
  return (await each(numbers, (n) => say(stream, `message ${n}`, n))).reverse();
}

/** Runs something for each element, some of them concurrently. */
async function each<T, Made>(all: readonly T[], act: (one: T) => Promise<Made>) {
  const made: Made[] = [];
  for (let at = 0; at < all.length; at += 50)
    made.push(...(await Promise.all(all.slice(at, at + 50).map(act))));
  return made;
}

const read = async (stream: Stream, page: number, limit: number, at = now) => {
  const { messages, total } = await listMessages(stream.id, { page, limit }, at);
  return { numbers: messages.map(({ n }) => n), total };
};

/** The numbers from `high` down to `low`. */
const down = (high: number, low: number) =>
  Array.from({ length: high - low + 1 }, (_, at) => high - at);

/** A reply that cannot be stored, like that of a key that was used before. */
const refused = {
  label: "marker",
  Put: { Item: { PK: "USER#sender", SK: "x" }, ConditionExpression: "attribute_exists(PK)" },
};

describe("the history", () => {
  test("pages stay full and totals exact around deleted messages", async () => {
    const stream = await newStream();
    const messages = await sayMany(stream, 8, [7]);
    await recordGap(stream.id, 7);
    await deleteMessage(stream, messages[2]!, "host", now);
    expect(await read(stream, 1, 3)).toEqual({ numbers: [8, 6, 5], total: 6 });
    expect(await read(stream, 2, 3)).toEqual({ numbers: [4, 2, 1], total: 6 });
    expect(await read(stream, 3, 3)).toEqual({ numbers: [], total: 6 });
  });

  test("thirty messages of users with external pictures and ids of 36 characters cost 2 units", async () => {
    const stream = await newStream();
    const names = { preferred_username: "u".repeat(12), given_name: "Ayşe", family_name: "Yılmaz" };
    const picture = `https://lh3.googleusercontent.com/a/${"p".repeat(55)}=s96-c`;
    for (let n = 0; n < 30; n++) {
      const by = profileOf(randomUUID(), { ...names, picture }, now);
      await say(stream, "Herkese selam! Yayın çok güzel. ".repeat(3), undefined, by);
    }
    await read(stream, 1, 30);
    readUnits = 0;
    expect((await read(stream, 1, 30)).numbers).toEqual(down(30, 1));
    // Half a unit is the chat's own item.
    expect(readUnits).toBe(2.5);
  });

  test("a message is found by its id in its own stream only, and not once it is deleted", async () => {
    const [stream, other] = await Promise.all([newStream(), newStream()]);
    const [message] = await Promise.all([say(stream, "here"), say(other, "there")]);
    expect(await findMessage(stream.id, message.id, now)).toEqual(message);
    expect(await findMessage(other.id, message.id, now)).toBeUndefined();
    expect(await findMessage(stream.id, "f".repeat(24), now)).toBeUndefined();
    await deleteMessage(stream, message, "host", now);
    expect(await findMessage(stream.id, message.id, now)).toBeUndefined();
    await expect(deleteMessage(stream, message, "host", now)).rejects.toThrow("message_not_found");
    expect(await read(stream, 1, 30)).toEqual({ numbers: [], total: 0 });
  });

  test("a number whose message could not be recorded does not count", async () => {
    const stream = await newStream();
    const message = makeMessage({ content: "no" }, { stream, sender, n: 1, now });
    await takeNumber(stream.id);
    const reply = { answer: undefined, remember: [refused] };
    await expect(recordMessage(message, reply)).rejects.toThrow();
    expect(await read(stream, 1, 30)).toEqual({ numbers: [], total: 0 });
  });

  test.each([65_536, 16_777_216])("the total stays right at message %d", async (count) => {
    const stream = await newStream();
    await setCount(stream, count - 1);
    const messages = await each(down(count - 1, count - 5), (n) => say(stream, "hello", n));
    for (const at of [1, 3]) await deleteMessage(stream, messages[at]!, "host", now);
    const before = { numbers: [count - 1, count - 3], total: count - 3 };
    expect(await read(stream, 1, 2)).toEqual(before);
    const crossing = await say(stream, "hello");
    expect(crossing.n).toBe(count);
    // This process still knows the count of before.
    const pageTwo = { numbers: [count - 3, count - 5], total: count - 2 };
    expect(await read(stream, 2, 2)).toEqual(pageTwo);
    await say(stream, "hello");
    await deleteMessage(stream, crossing, "host", now);
    const after = { numbers: [count + 1, count - 1], total: count - 2 };
    expect(await read(stream, 1, 2)).toEqual(after);
  });

  test("a thousand deletions neither empty a page nor make it expensive", async () => {
    const stream = await newStream();
    const messages = await sayMany(stream, 1_200);
    const deleted = messages.slice(100, 1_105);
    await each(deleted, (message) => deleteMessage(stream, message, "host", now));
    const pages: [page: number, numbers: number[]][] = [
      [1, down(1_200, 1_171)],
      [4, [...down(1_110, 1_106), ...down(100, 76)]],
      [5, down(75, 46)],
      [7, down(15, 1)],
    ];
    for (const [page, numbers] of pages) {
      readUnits = 0;
      expect(await read(stream, page, 30)).toEqual({ numbers, total: 195 });
      expect(readUnits).toBeLessThanOrEqual(4);
    }
  });

  test("with every second message deleted, the pages show the others", async () => {
    const stream = await newStream();
    const messages = await sayMany(stream, 400);
    const even = messages.filter(({ n }) => n % 2 === 0);
    await each(even, (message) => deleteMessage(stream, message, "host", now));
    const odd = down(400, 1).filter((n) => n % 2 === 1);
    for (const page of [1, 2, 6, 7]) {
      readUnits = 0;
      const numbers = odd.slice((page - 1) * 30, page * 30);
      expect(await read(stream, page, 30)).toEqual({ numbers, total: 200 });
      expect(readUnits).toBeLessThanOrEqual(4.5);
    }
  });
});

// Planted fault that turns this red: ranges, however many deleted messages are in them.
test("a page costs half a unit a message at most, however many are deleted between them", async () => {
  const stream = await newStream();
  const by = fullProfile(userAt(7));
  const messages = await each(down(400, 1), (n) => say(stream, "hello", n, by));
  await sayMany(stream, 400, down(400, 1));
  const deleted = messages.filter(({ n }) => n % 10 !== 0);
  await each(deleted, (message) => deleteMessage(stream, message, "host", now));
  const shown = down(400, 1).filter((n) => n % 10 === 0);
  readUnits = 0;
  expect(await read(stream, 1, 30)).toEqual({ numbers: shown.slice(0, 30), total: 40 });
  expect(readUnits).toBeLessThanOrEqual(30 / 2 + 4);
});

describe("a gap left by a crash", () => {
  test("makes no page short, and is recorded once a later message is a minute old", async () => {
    const stream = await newStream();
    await sayMany(stream, 10, [8, 3]);
    // Their calls may still be in progress: no page is short, and no message is lost.
    expect(await read(stream, 1, 4, later(59))).toEqual({ numbers: [10, 9, 7, 6], total: 10 });
    expect((await read(stream, 2, 4, later(59))).numbers).toEqual([6, 5, 4, 2]);
    expect(await read(stream, 1, 4, later(60))).toEqual({ numbers: [10, 9, 7, 6], total: 9 });
    expect(await read(stream, 2, 4, later(60))).toEqual({ numbers: [5, 4, 2, 1], total: 8 });
    expect(await read(stream, 2, 4, later(60))).toEqual({ numbers: [5, 4, 2, 1], total: 8 });
    expect(await read(stream, 3, 4, later(60))).toEqual({ numbers: [], total: 8 });
  });

  test("is recorded by the reader of the page that begins with it", async () => {
    const stream = await newStream();
    await sayMany(stream, 6, [4]);
    expect(await read(stream, 2, 2, later(60))).toEqual({ numbers: [3, 2], total: 5 });
    expect(await read(stream, 2, 2, later(60))).toEqual({ numbers: [3, 2], total: 5 });
    expect(await read(stream, 3, 2, later(60))).toEqual({ numbers: [1], total: 5 });
  });

  test("keeps a late message out, and is recorded once, even if recorded twice", async () => {
    const stream = await newStream();
    await sayMany(stream, 5, [3]);
    await Promise.all([1, 2, 3].map(() => read(stream, 1, 30, later(60))));
    await Promise.all([1, 2, 3].map(() => recordGap(stream.id, 3)));
    await expect(say(stream, "late", 3)).rejects.toThrow("unavailable");
    expect(await read(stream, 1, 30, later(60))).toEqual({ numbers: [5, 4, 2, 1], total: 4 });
  });

  test("is not recorded over an existing message: one whose response was lost stays shown", async () => {
    const stream = await newStream();
    const message = await say(stream, "here");
    expect(await recordGap(stream.id, message.n)).toBe(false);
    const again = (reply: typeof nothing) => recordMessage(message, reply);
    await again(nothing);
    await expect(again({ ...nothing, remember: [refused] as never })).rejects.toThrow();
    expect(await read(stream, 1, 30)).toEqual({ numbers: [1], total: 1 });
    const Key = key.message(stream.id, 1);
    const { Item } = await table().send(new GetCommand({ TableName: tableName(), Key }));
    expect(Item).toMatchObject({ id: message.id, content: "here" });
  });
});
