/** Studio's comparison of what a viewer was shown with the stream's log. */
import type { Client, Frame } from "../../client/index.ts";
import { createDeliveryCheck, deliveries } from "../../web/studio/delivery-check.ts";

beforeEach(() => {
  deliveries.value = { events: 0, lost: 0, doubled: 0 };
});

/** Frames of one event each, from the first on. */
const framesOf = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    epoch: "e",
    frame: n + 1,
    events: [{ id: `e${n + 1}` }],
  })) as unknown as Frame[];

/** A viewer at a position, of a stream with this log. */
async function watch(log: readonly Frame[], position = { epoch: "e", frame: log.length }) {
  const asked: number[] = [];
  let show: (frame: Frame) => void = () => {};
  const client = {
    subscribe(_: string, { onFrame }: { onFrame: typeof show }) {
      show = onFrame;
      return { ready: Promise.resolve({ epoch: "e", frame: 0 }), position: () => position };
    },
    async call(_: string, path: string) {
      const after = Number(new URL(path, "http://x").searchParams.get("after"));
      asked.push(after);
      return { frames: log.slice(after, after + 100) };
    },
  };
  const { check } = createDeliveryCheck(client as unknown as Client, "s");
  await Promise.resolve();
  return { asked, check, show };
}

test("events that a hidden page cannot compare are forgotten, and none of them counts as lost", async () => {
  const frames = framesOf(20_500);
  const { asked, check, show } = await watch(frames);
  for (const frame of frames) if (frame.frame !== 20_400) show(frame);
  await check();
  expect(asked[0]).toBe(499);
  expect(deliveries.value).toEqual({ events: 20_499, lost: 1, doubled: 0 });
});

test("an event that is shown twice is doubled, and one that is not due yet is not lost", async () => {
  const frames = framesOf(5);
  const { check, show } = await watch(frames, { epoch: "e", frame: 3 });
  for (const frame of [...frames.slice(0, 3), frames[1]!]) show(frame);
  await check();
  expect(deliveries.value).toEqual({ events: 4, lost: 0, doubled: 1 });
});

test("a lost event is counted once, however often the log is compared", async () => {
  const frames = framesOf(3);
  const { check, show } = await watch(frames);
  show(frames[0]!);
  show(frames[2]!);
  for (let time = 0; time < 3; time++) await check();
  expect(deliveries.value).toEqual({ events: 2, lost: 1, doubled: 0 });
});

test("events that were shown from an earlier log are not compared with a new one", async () => {
  const { asked, check } = await watch(framesOf(3), { epoch: "new", frame: 9 });
  await check();
  expect([asked, deliveries.value.lost]).toEqual([[], 0]);
});
