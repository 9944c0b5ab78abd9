import { chatRecord } from "../../domain/frame-samples.ts";
import { useOwnTable } from "../table.ts";
import { freeGovernor } from "./posters.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable({ POST_RATE: "1000000" });

const viewers = 60;
const held = 3;
const heldMilliseconds = 700;

test("a viewer whose posts wait for the stage's rate does not count as slow", async () => {
  const scene = await setScene();
  const names = Array.from({ length: viewers }, (_, n) => `c${n}`);
  for (const name of names) await scene.confirm(scene.audience(), await scene.ask(name));
  let taken = 0;
  const take = () =>
    ++taken % viewers > viewers - held - 1
      ? new Promise<void>((done) => setTimeout(done, heldMilliseconds))
      : undefined;
  scene.outlet.governor = { ...freeGovernor, take };
  const room = scene.audience();
  for (const n of [1, 2, 3]) await scene.push(room, chatRecord(n, `${n}`, seconds(scene.now)));
  for (const name of names) expect([name, ...scene.frames(name)]).toEqual([name, 1, 2, 3]);
});
