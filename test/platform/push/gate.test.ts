import { useGovernor } from "../../../platform/push/governor.ts";
import { said } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setStage } from "./scene.ts";

useOwnTable({ POST_RATE: "1000000" });

const viewers = 60;
const held = 3;
const heldMilliseconds = 700;

test("who waits for the post rate is not taken for a slow viewer", async () => {
  const stage = await setStage();
  const names = Array.from({ length: viewers }, (_, n) => `c${n}`);
  for (const name of names) await stage.greet(stage.room(), await stage.ask(name));
  let taken = 0;
  useGovernor({
    take: () =>
      ++taken % viewers > viewers - held - 1
        ? new Promise((done) => setTimeout(done, heldMilliseconds))
        : undefined,
    limitedAt: () => Number.NEGATIVE_INFINITY,
  });
  const room = stage.room();
  for (const n of [1, 2, 3]) await stage.push(room, said(n, `${n}`, seconds(stage.now)));
  for (const name of names) expect([name, ...stage.frames(name)]).toEqual([name, 1, 2, 3]);
}, 60_000);
