import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { Refusal } from "../../domain/refusal.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import { joinedOf } from "../../domain/streams/stream-lifecycle.ts";
import { handler as unpinHandler } from "../../functions/streams/chat/unpin.ts";
import { newId } from "../../platform/runtime/id.ts";
import { showWithPin } from "../../platform/store/streams/display-names.ts";
import { findMessage, listMessages } from "../../platform/store/streams/messages.ts";
import { listActs } from "../../platform/store/streams/moderation.ts";
import { deleteMessage, pinMessage } from "../../platform/store/streams/pins.ts";
import { recordMessage, takeNumber } from "../../platform/store/streams/sent-messages.ts";
import { changeStream, recordStream } from "../../platform/store/streams/stream-changes.ts";
import { joinedReplay } from "../../platform/store/streams/stream-replay.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const now = new Date();
const picture = "https://cdn.example.com/person.png";
const host = profileOf("host", { given_name: "Hosty" }, now);

/** A stream with one message, and what two people do with it after they have both looked at it. */
async function prepare() {
  const given = { id: newId(now), host: summaryOf(host, picture), defaultThumbnail: picture, now };
  const stream = { ...makeStream(NewStream.parse({ title: "Live" }), given) };
  await recordStream(stream);
  const n = await takeNumber(stream.id);
  const message = makeMessage({ content: "hello" }, { stream, sender: host, n, now });
  await recordMessage(message, { answer: undefined, remember: [] });
  const codeOf = (doing: Promise<unknown>) =>
    doing.then(
      () => "done",
      (error: unknown) => (error instanceof Refusal ? error.code : Promise.reject(error)),
    );
  return {
    stream,
    message,
    pin: () => codeOf(pinMessage(stream, message, "host", now)),
    remove: () => codeOf(deleteMessage(stream, message, "host", now)),
    pinned: async () => (await getStream(stream.id, { consistent: true })).pinned?.messageId,
    isShown: async () => (await findMessage(stream.id, message.id, new Date())) !== undefined,
  };
}

test("deleting a message that was pinned since the read unpins it as well", async () => {
  const { message, pin, remove, pinned, isShown } = await prepare();
  expect(await pin()).toBe("done");
  expect(await pinned()).toBe(message.id);
  expect(await remove()).toBe("done");
  expect([await pinned(), await isShown()]).toEqual([undefined, false]);
});

test("a message can be pinned a hundred times: each pin is a frame that its deletion changes", async () => {
  const { stream, message, pin, pinned } = await prepare();
  const pins = Array.from({ length: 100 }, (_, revision) => ({ revision, at: now.toISOString() }));
  const again = pinMessage(stream, { ...message, pins }, "host", now);
  await expect(again).rejects.toMatchObject({ code: "pinned_too_often" });
  expect(await pinned()).toBeUndefined();
  expect(await pin()).toBe("done");
  // It is pinned already, so a repeated call changes nothing.
  const current = await getStream(stream.id, { consistent: true });
  await pinMessage(current, { ...message, pins }, "host", now);
  expect(await pinned()).toBe(message.id);
});

test("a message that was deleted since the read cannot be pinned", async () => {
  const { pin, remove, pinned } = await prepare();
  await remove();
  expect(await pin()).toBe("message_not_found");
  expect(await pinned()).toBeUndefined();
});

test.each(["pinned while it is deleted", "deleted while it is pinned"])(
  "%s, at any moment: it does not stay pinned",
  (order) =>
    atEachRequest(async () => {
      const { pin, remove, pinned, isShown } = await prepare();
      const [act, meanwhile] = order.startsWith("deleted") ? [remove, pin] : [pin, remove];
      return {
        act,
        meanwhile,
        check: async () => expect([await pinned(), await isShown()]).toEqual([undefined, false]),
      };
    }),
);

test("another pinned message stays when one is deleted, whatever else changes", async () => {
  const { stream, remove, pinned, isShown } = await prepare();
  const other = { pinned: { messageId: newId(now) } };
  await changeStream(stream, () => other, now);
  expect(await remove()).toBe("done");
  expect([await pinned(), await isShown()]).toEqual([other.pinned.messageId, false]);
});

test("pinning what is pinned, and unpinning nothing, change nothing and are not logged", async () => {
  const { stream, pin } = await prepare();
  const unpin = () => callEndpoint(unpinHandler, { as: "host", path: { streamId: stream.id } });
  const state = async () => {
    const [{ revision }, acts] = await Promise.all([
      getStream(stream.id, { consistent: true }),
      listActs(stream.id, 10, undefined),
    ]);
    return [revision, acts.map(({ action }) => action)];
  };
  for (let times = 0; times < 2; times++) expect(await pin()).toBe("done");
  expect(await state()).toEqual([stream.revision + 1, ["chat.pinned"]]);
  for (let times = 0; times < 2; times++) expect((await unpin()).status).toBe(204);
  expect((await state())[0]).toBe(stream.revision + 2);
  expect((await state())[1]).toHaveLength(2);
});

test("a key remembers a join without the pinned text, which may be deleted", async () => {
  const { stream, message, pin } = await prepare();
  await pin();
  const shown = await showWithPin(await getStream(stream.id, { consistent: true }), now);
  expect(shown.pinned).toMatchObject({ _id: message.id });
  expect(joinedReplay.keep(joinedOf(shown, "viewer")).liveStream.pinned).toBeNull();
});

test("a message is deleted once, and its number becomes a gap", async () => {
  const { stream, remove } = await prepare();
  const [first, second] = await Promise.all([remove(), remove()]);
  expect([first, second].sort()).toEqual(["done", "message_not_found"]);
  expect(await listMessages(stream.id, { limit: 10 }, now)).toMatchObject({
    messages: [],
    total: 0,
  });
});
