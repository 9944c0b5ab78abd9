import { listFrames } from "../../../platform/store/log/frames.ts";
import { key } from "../../../platform/table/keys.ts";
import { chatRecord, message, stream as sample } from "../../domain/frame-samples.ts";
import { atEachRequest } from "../interleaving.ts";
import { useOwnTable } from "../table.ts";
import { seconds, setScene } from "./scene.ts";

useOwnTable();

/** A stream with a pinned message, which is deleted while one environment frames the pin. */
async function prepare() {
  const scene = await setScene();
  const { streamId, now } = scene;
  const before = { ...message(1, "secret"), streamId };
  const place = key.message(streamId, before.n);
  await scene.put({ ...place, ...before });
  const createdAt = seconds(now);
  const [old, revision] = [{ ...sample, id: streamId }, sample.revision + 1];
  const pinned = { messageId: before.id, message: before };
  const pin = scene.record({ kind: "stream", createdAt, old, new: { ...old, pinned, revision } });
  const pins = [{ revision, at: now.toISOString() }];
  const { content: _, ...rest } = { ...before, pins };
  const gone = { ...rest, deletedAt: now.toISOString(), revision: 2 };
  const deletion = scene.record({ kind: "message", createdAt, old: before, new: gone });
  const pinner = scene.audience();
  await scene.push(pinner, chatRecord(2, "kept", createdAt));
  await scene.confirm(pinner, await scene.ask("c"));
  return {
    scene,
    framePin: () => scene.push(pinner, pin),
    remove: async () => {
      await scene.put({ ...place, ...gone });
      await scene.push(scene.audience(), deletion);
    },
    async expectNoText() {
      const frames = await listFrames(streamId, 1, 99);
      expect(frames.flatMap(({ covers }) => covers.split(" "))).toContain(pin.id);
      expect(JSON.stringify(frames)).not.toContain("secret");
    },
  };
}

test("a pin that is framed after its message's deletion shows no text", async () => {
  const { scene, remove, framePin, expectNoText } = await prepare();
  await remove();
  await framePin();
  await expectNoText();
  expect(scene.frames("c")).toEqual([2, 3]);
  expect(JSON.stringify(scene.messagesTo("c"))).not.toContain("secret");
  expect(scene.messagesTo("c").at(-1)).toMatchObject({
    events: [{ type: "chat.pinned", data: { message: { content: "", deleted: true } } }],
  });
});

test("a message deleted while its pin is framed leaves no text in the log", () =>
  atEachRequest(async () => {
    const { framePin, remove, expectNoText } = await prepare();
    return { act: framePin, meanwhile: remove, check: expectNoText };
  }));
