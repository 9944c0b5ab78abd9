import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { frameKeptSeconds } from "../../../domain/log/frame.ts";
import type { Position } from "../../../domain/log/position.ts";
import { readRange } from "../../../platform/realtime/frame-range.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { said } from "../../domain/frame-samples.ts";
import { startTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

/** A log of ten frames, whose first four were made more than a day ago. */
const head = 10;
const answeredFrom = 5;

const caller = { expiresAt: 2e9 };

let stop: () => Promise<void>;
let stage: Awaited<ReturnType<typeof setStage>>;
let epoch: string;
beforeAll(async () => {
  ({ stop } = await startTable());
  stage = await setStage();
  for (let n = 1; n <= head; n++)
    await stage.push(stage.room(), said(n, `${n}`, seconds(stage.now)));
  for (let n = 1; n < answeredFrom; n++)
    await table().send(
      new UpdateCommand({
        TableName: tableName(),
        Key: key.frame(stage.streamId, n),
        UpdateExpression: "SET expiresAt = :at",
        // Made 24 h and a minute ago: still kept, no longer answered.
        ExpressionAttributeValues: { ":at": seconds(stage.now) + frameKeptSeconds - 86_460 },
      }),
    );
  epoch = (await findLog(stage.streamId))!.epoch;
});
afterAll(() => stop());

const cases: [string, (own: string) => Position, number[] | false][] = [
  ["the head", (own) => ({ epoch: own, frame: 10 }), []],
  ["one behind", (own) => ({ epoch: own, frame: 9 }), [10]],
  ["some behind", (own) => ({ epoch: own, frame: 6 }), [7, 8, 9, 10]],
  ["the oldest that is answered", (own) => ({ epoch: own, frame: 4 }), [5, 6, 7, 8, 9, 10]],
  ["one frame too old", (own) => ({ epoch: own, frame: 3 }), false],
  ["the beginning, too old", (own) => ({ epoch: own, frame: 0 }), false],
  ["one in the future", (own) => ({ epoch: own, frame: 11 }), false],
  ["far in the future", (own) => ({ epoch: own, frame: 108 }), false],
  ["another epoch", () => ({ epoch: "other", frame: 9 }), false],
  ["another epoch at the head", () => ({ epoch: "other", frame: 10 }), false],
];

test.each(cases)("resume at %s, over the socket and over HTTP", async (name, at, wanted) => {
  const since = at(epoch);
  const connection = name.replaceAll(/\W/g, "-");
  await stage.greet(stage.room(), await stage.ask(connection, { since, requestId: name }));
  const recovered = wanted !== false;
  expect(stage.got(connection)[0]).toMatchObject({
    type: "subscribed",
    epoch,
    head,
    recovered,
    requestId: name,
  });
  expect(stage.frames(connection)).toEqual(wanted || []);
  const wish = { epoch: since.epoch, after: since.frame, waitSeconds: 0, caller };
  const range = await readRange(stage.streamId, wish, stage.now);
  expect(range).toMatchObject({ epoch, head, recovered });
  expect(range.frames.map(({ frame }) => frame)).toEqual(wanted || []);
  expect(range.frames).toEqual(stage.answers(connection, "events"));
});

test("two tabs of one user resume each from their own position; without one it begins at the head", async () => {
  const ask = (connection: string, frame: number) =>
    stage.ask(connection, { userId: "ann", since: { epoch, frame } });
  await stage.greet(stage.room(), await ask("tab-1", 8), await ask("tab-2", 9));
  await stage.greet(stage.room(), await stage.ask("new"));
  expect([stage.frames("tab-1"), stage.frames("tab-2")]).toEqual([[9, 10], [10]]);
  expect(stage.got("new")).toMatchObject([{ type: "subscribed", head }]);
  expect(stage.got("new")[0]).not.toHaveProperty("recovered");
});

test("resuming looks at the ban again", async () => {
  const sub = await stage.ask("blocked", { userId: "bob", since: { epoch, frame: 8 } });
  await stage.ban("bob", "ban-of-bob");
  await stage.greet(stage.room(), sub);
  expect(stage.got("blocked")).toEqual([
    { type: "unsubscribed", streamId: stage.streamId, reason: "blocked" },
  ]);
});

test("waiting ends with the first frame that comes", async () => {
  const own = await setStage();
  const began = Date.now();
  const reading = readRange(own.streamId, { waitSeconds: 20, caller }, new Date());
  setTimeout(() => void own.append(own.room(), said(1, "soon", seconds(own.now))), 300);
  expect(await reading).toMatchObject({ head: 1, recovered: true, frames: [{ frame: 1 }] });
  expect(Date.now() - began).toBeLessThan(10_000);
});
