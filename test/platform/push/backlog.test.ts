import { useLimits } from "../../../platform/limits.ts";
import { postLarge, postRoom } from "../../../platform/push/large-room.ts";
import { listBacklog, putBacklog } from "../../../platform/store/log/backlog.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

useOwnTable({ POST_RATE: "10000", PART_VIEWERS: "5000" });

afterEach(() => useLimits(undefined));

test("what gathers in several items comes back in the order in which it was said", async () => {
  const stage = await setStage();
  useLimits({ backlogBytes: 1 });
  const at = seconds(stage.now);
  const [first, second] = [
    [said(1, "one", at), said(2, "two", at), said(3, "three", at)],
    [said(4, "four", at + 1), said(5, "five", at + 1)],
  ];
  await putBacklog(stage.streamId, first, stage.now);
  // The next batch of the shard is taken by an environment whose clock is behind.
  await putBacklog(stage.streamId, second, new Date(stage.now.getTime() - 500));
  const { records, more } = await listBacklog(stage.streamId, 100);
  expect(records.map(({ id }) => id)).toEqual([...first, ...second].map(({ id }) => id));
  expect(more).toBe(false);
});

test("a room in which more has gathered than one call takes in is asked for again until all is shown", async () => {
  const stage = await setStage();
  await stage.greet(stage.room(), await stage.ask("c"));
  useLimits({ backlogBytes: 1, backlogRecords: 2 });
  const records = [1, 2, 3, 4, 5].map((n) => said(n, `${n}`, seconds(stage.now)));
  await putBacklog(stage.streamId, records, stage.now);
  // All of it lies under one message of the queue.
  for (let calls = 1; calls === 1 || stage.queued.length > 0; calls++) {
    stage.queued.length = 0;
    const room = stage.room(undefined, new Date(stage.now.getTime() + calls));
    await postRoom(room, postLarge);
  }
  expect(stage.frames("c")).toEqual([1, 2, 3]);
  expect((await listBacklog(stage.streamId, 100)).ids).toEqual([]);
});

test("all postings of one room stand in one line, and those of two rooms do not", async () => {
  const stages = [await setStage(), await setStage()];
  useLimits({ backlogBytes: 1, backlogRecords: 1 });
  for (const stage of stages)
    for (const text of ["one", "two"]) {
      const records = [said(1, text, seconds(stage.now)), said(2, text, seconds(stage.now))];
      await putBacklog(stage.streamId, records, stage.now);
      await postRoom(stage.room(), postLarge);
    }
  // The last stage has the queues.
  const asked = stages[1]!.queued;
  expect(asked).toHaveLength(4);
  const lines = asked.map((message) => message.queue === "posts" && message.group);
  expect(lines).toEqual(stages.flatMap(({ streamId }) => [streamId, streamId]));
});
