/** A stage that deletes messages after thirty days: the history before and after. */
import { DeleteCommand, GetCommand } from "@aws-sdk/lib-dynamodb";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { findMessage, listMessages, recordGap } from "../../platform/store/streams/messages.ts";
import { deleteMessage } from "../../platform/store/streams/pins.ts";
import { recordMessage, takeNumber } from "../../platform/store/streams/sent-messages.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { meterTable } from "./call-meter.ts";
import { liveStreamOf } from "./live-stream.ts";
import { useOwnTable } from "./table.ts";

process.env.MESSAGE_DAYS = "30";
useOwnTable();

const dayMilliseconds = 24 * 3600 * 1000;
const now = new Date();
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMilliseconds);
const host = summaryOf(profileOf("host", {}, now), "https://cdn.example.com/person.png");
const sender = profileOf("ann", { given_name: "Ann" }, now);
const itemOf = async (streamId: string, n: number) =>
  (await table().send(new GetCommand({ TableName: tableName(), Key: key.message(streamId, n) })))
    .Item;

/** A chat with a message of each of these ages in days, oldest first. */
async function chatOf(...ages: number[]) {
  const stream = liveStreamOf(host, {}, daysAgo(ages[0]!));
  const ids: string[] = [];
  await recordStream(stream);
  for (const age of ages) {
    const n = await takeNumber(stream.id);
    const wish = { stream, sender, n, now: daysAgo(age) };
    const message = makeMessage({ content: `${age} days` }, wish);
    await recordMessage(message, { answer: undefined, remember: [] });
    ids.push(message.id);
  }
  const read = async (page: number, limit: number, at = now) => {
    const { messages, total } = await listMessages(stream.id, { page, limit }, at);
    return { ages: messages.map(({ content }) => content), total };
  };
  /** As the table does, in any order and within two days. */
  const forget = async (...numbers: number[]) => {
    for (const n of numbers)
      await table().send(
        new DeleteCommand({ TableName: tableName(), Key: key.message(stream.id, n) }),
      );
  };
  return { stream, ids, read, forget };
}

test("messages and gaps have their expiry", async () => {
  const { stream } = await chatOf(3);
  const item = await itemOf(stream.id, 1);
  expect(item!.expiresAt).toBe(Math.floor(daysAgo(-27).getTime() / 1000));
  await recordGap(stream.id, await takeNumber(stream.id));
  const days = ((await itemOf(stream.id, 2))!.expiresAt * 1000 - Date.now()) / dayMilliseconds;
  expect(Math.round(days)).toBe(30);
});

test("older messages are hidden from that moment on, even while the table still has them", async () => {
  const { read } = await chatOf(40, 35, 31, 29, 5, 0);
  expect(await read(1, 2)).toEqual({ ages: ["0 days", "5 days"], total: 3 });
  expect(await read(2, 2)).toEqual({ ages: ["29 days"], total: 3 });
  expect(await read(3, 2)).toEqual({ ages: [], total: 3 });
  expect(await read(1, 10, daysAgo(-2))).toEqual({ ages: ["0 days", "5 days"], total: 2 });
  expect(await read(1, 10, daysAgo(-31))).toEqual({ ages: [], total: 0 });
});

test("numbers deleted by the table are no gaps: no reader writes anything for them", async () => {
  const { stream, read, forget } = await chatOf(40, 38, 36, 34, 32, 8, 4);
  const shown = { ages: ["4 days", "8 days"], total: 2 };
  for (const gone of [[2, 4], [1], [5], [3]]) {
    await forget(...gone);
    expect(await read(1, 10)).toEqual(shown);
  }
  for (let n = 1; n <= 5; n++) expect(await itemOf(stream.id, n)).toBeUndefined();
});

test("totals stay exact when old and new messages are deleted", async () => {
  const { stream, read } = await chatOf(40, 36, 33, 20, 10, 1);
  for (const n of [2, 5]) {
    const item = await itemOf(stream.id, n);
    await deleteMessage(stream, item as never, "host", daysAgo(0));
  }
  expect(await read(1, 10)).toEqual({ ages: ["1 days", "20 days"], total: 2 });
  expect(await read(2, 1)).toEqual({ ages: ["20 days"], total: 2 });
});

test("a message that is too old is not found by its id: no reply, no pin, no deletion", async () => {
  const { stream, ids } = await chatOf(31, 29);
  const isFound = async (at: Date) =>
    Promise.all(ids.map(async (id) => (await findMessage(stream.id, id, at)) !== undefined));
  expect(await isFound(now)).toEqual([false, true]);
  expect(await isFound(daysAgo(5))).toEqual([true, true]);
  expect(await isFound(daysAgo(-1))).toEqual([false, false]);
});

test("a pinned message that is too old is not shown either", async () => {
  const { stream, ids } = await chatOf(31, 29);
  const shown = ids.map(async (messageId) => {
    const message = await findMessage(stream.id, messageId, daysAgo(5));
    const { pinned } = await showWithPin({ ...stream, pinned: { messageId, message } }, now);
    return pinned?._id;
  });
  expect(await Promise.all(shown)).toEqual([undefined, ids[1]]);
});

test("a page takes one more read for expired messages, however many the table still has", async () => {
  const { read } = await chatOf(...Array.from({ length: 40 }, (_, n) => 50 - n));
  const measure = meterTable();
  const shown = { ages: ["11 days"], total: 19 };
  await read(1, 1);
  const spent = await measure(async () => expect(await read(1, 1)).toEqual(shown));
  expect(spent).toMatchObject({ calls: 3, steps: 3 });
});
