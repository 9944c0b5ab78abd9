/** Texts that are deleted long after they were framed: no environment remembers their frames. */
import type { LogRecord } from "../../../domain/log/event.ts";
import { listFrames, putFrame } from "../../../platform/store/log/frames.ts";
import { message } from "../../domain/frame-samples.ts";
import { between } from "../interleaving.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable();

type Written = { n: number; secondsAgo: number };

/** A log with one message in each frame, by age; answers the deletions of all. */
async function writeLog(written: readonly Written[], lateSeconds = 0) {
  const scene = await setScene();
  const { streamId, now } = scene;
  const deletions: LogRecord[] = [];
  for (const { n, secondsAgo } of written) {
    const createdAt = new Date(now.getTime() - secondsAgo * 1_000).toISOString();
    const said = { ...message(n, `secret ${n}`), streamId, createdAt };
    const newest = seconds(now) - secondsAgo + lateSeconds;
    const { id, events } = scene.record({
      kind: "message",
      createdAt: newest,
      old: undefined,
      new: said,
    });
    await putFrame(streamId, {
      n,
      epoch: "e",
      covers: id,
      newest,
      revision: 0,
      expiresAt: seconds(now) + 3_600,
      totals: { count: 0, credits: 0 },
      body: JSON.stringify({ epoch: "e", frame: n, events }),
    });
    const { content: _, ...rest } = said;
    const gone = { ...rest, deletedAt: now.toISOString(), revision: 2 };
    const change = { kind: "message", createdAt: seconds(now), old: said, new: gone } as const;
    deletions.push(scene.record(change));
  }
  const removeAll = async () => {
    const { requests } = await between(
      [],
      async () => {},
      () => scene.push(scene.audience(), ...deletions),
    );
    return requests;
  };
  const readTexts = async () => JSON.stringify(await listFrames(streamId, 1, written.length));
  return { removeAll, readTexts };
}

const everyFew = (count: number, gapSeconds: number): Written[] =>
  Array.from({ length: count }, (_, at) => ({ n: at + 1, secondsAgo: (count - at) * gapSeconds }));

test.each([
  ["a few seconds apart", 5, 0, 5],
  ["minutes apart", 150, 0, 25],
  ["framed five minutes late", 5, 300, 5],
])(
  "the messages of an evening, %s, are deleted in few calls each",
  async (_, gap, late, callsMax) => {
    const count = 200;
    const { removeAll, readTexts } = await writeLog(everyFew(count, gap), late);
    expect(await readTexts()).toContain("secret 77");
    expect(await removeAll()).toBeLessThan(count * callsMax);
    expect(await readTexts()).not.toContain("secret");
  },
);
