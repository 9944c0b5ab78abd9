import { DeleteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { resume } from "../../../platform/push/resume.ts";
import { postSliceJob } from "../../../platform/push/slice-job.ts";
import { useLimits } from "../../../platform/runtime/limits.ts";
import { findLog } from "../../../platform/store/log/logs.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "80000", PART_VIEWERS: "10000" });
afterEach(() => useLimits(undefined));

/**
 * A room whose log counts `viewers` viewers, with unposted first frames and one real viewer. Frames
 * after 24 h are removed by the table.
 */
async function leaveUnposted(viewers: number, frames: number) {
  const scene = await setScene();
  await scene.confirm(scene.audience(), await scene.ask("viewer"));
  for (let n = 1; n <= frames; n++)
    await scene.append(scene.audience(), chatRecord(n, `${n}`, seconds(scene.now)));
  await table().send(
    new UpdateCommand({
      TableName: tableName(),
      Key: key.log(scene.streamId),
      UpdateExpression: "SET viewers = :viewers",
      ExpressionAttributeValues: { ":viewers": viewers },
    }),
  );
  const Key = (n: number) => key.frame(scene.streamId, n);
  return {
    scene,
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
  const { scene, expire } = await leaveUnposted(40_000, 9);
  await expire(1, 2, 3, 4, 5);
  expect(await scene.deliver(scene.audience(), 9)).toBe(true);
  expect(scene.frames("viewer")).toEqual([6, 7, 8, 9]);
  expect((await findLog(scene.streamId))?.posted).toBe(9);
});

test("a backlog of expired frames does not stop posting, and no unposted frame is marked as posted", async () => {
  const { scene, expire } = await leaveUnposted(40_000, 6);
  await expire(1, 2, 3, 4, 5);
  expect(await scene.deliver(scene.audience(), 5)).toBe(true);
  expect(scene.frames("viewer")).toEqual([]);
  expect(await scene.deliver(scene.audience(), 6)).toBe(true);
  expect(scene.frames("viewer")).toEqual([6]);
});

test("a room in slices is posted again though the table has removed some frames and not others", async () => {
  const { scene, expire } = await leaveUnposted(20_000, 4);
  await expire(1, 3);
  scene.outlet.invokeSlice = (job) => postSliceJob(scene.audience(), job);
  expect(await scene.deliver(scene.audience(), 4)).toBe(true);
  expect(scene.frames("viewer")).toEqual([4]);
  expect((await findLog(scene.streamId))?.posted).toBe(4);
});

test("a viewer who catches up skips a page of expired frames", async () => {
  const { scene, expire } = await leaveUnposted(2, 6);
  await scene.deliver(scene.audience(), 6);
  useLimits({ pageFrames: 2, jobPages: 1 });
  const { epoch } = (await findLog(scene.streamId))!;
  await scene.confirmOnly(
    scene.audience(),
    await scene.ask("late", { since: { epoch, frame: 0 } }),
  );
  await resume(scene.audience(), scene.takeResume()!);
  await expire(3, 4);
  await scene.catchUp(scene.audience());
  expect(scene.frames("late")).toEqual([1, 2, 5, 6]);
});
