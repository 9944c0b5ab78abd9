import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { deliverFrames } from "../../../platform/push/deliver.ts";
import { postLarge, useInvoke } from "../../../platform/push/large-room.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { postSliceJob } from "../../../platform/push/slice.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

useOwnTable({ POST_RATE: "80000", PART_VIEWERS: "10000" });
afterAll(() => useInvoke(undefined));

/**
 * A room of so many viewers, as its log says, in which nobody posted the first frames: one viewer
 * is really there. Frames after 24 h are removed by the table.
 */
async function leaveUnposted(viewers: number, frames: number) {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("viewer"));
  for (let n = 1; n <= frames; n++)
    await stage.append(stage.room(), said(n, `${n}`, seconds(stage.now)));
  await table().send(
    new UpdateCommand({
      TableName: tableName(),
      Key: key.log(stage.streamId),
      UpdateExpression: "SET viewers = :viewers",
      ExpressionAttributeValues: { ":viewers": viewers },
    }),
  );
  const Key = (n: number) => key.frame(stage.streamId, n);
  return {
    stage,
    expire: (...numbers: number[]) =>
      Promise.all(
        numbers.map((n) =>
          table().send(new DeleteCommand({ TableName: tableName(), Key: Key(n) })),
        ),
      ),
  };
}

test("a large room whose unposted frames have expired is posted again from its next frame on", async () => {
  // Two frames are a mark's worth at 40,000 viewers.
  const { stage, expire } = await leaveUnposted(40_000, 9);
  await expire(1, 2, 3, 4, 5);
  expect(await deliverFrames(stage.room(), 9)).toBe(true);
  expect(stage.frames("viewer")).toEqual([6, 7, 8, 9]);
  expect((await findLog(stage.streamId))?.posted).toBe(9);
});

test("frames that all have expired are no reason to stop, nor to mark what nobody has posted", async () => {
  const { stage, expire } = await leaveUnposted(40_000, 6);
  await expire(1, 2, 3, 4, 5);
  expect(await deliverFrames(stage.room(), 5)).toBe(true);
  expect(stage.frames("viewer")).toEqual([]);
  expect(await deliverFrames(stage.room(), 6)).toBe(true);
  expect(stage.frames("viewer")).toEqual([6]);
});

test("a room in parts is posted again though the table has removed some frames and not others", async () => {
  const { stage, expire } = await leaveUnposted(20_000, 4);
  await expire(1, 3);
  useInvoke((job) => postSliceJob(job, createMemory(), stage.now));
  expect(await deliverFrames(stage.room(), 4, [], postLarge)).toBe(true);
  expect(stage.frames("viewer")).toEqual([4]);
  expect((await findLog(stage.streamId))?.posted).toBe(4);
});
