import { WebSocket } from "ws";
import { createClient, type Event, type History, type Options } from "../../client/index.ts";
import {
  apiUrl,
  call,
  eventually,
  giftType,
  liveStream,
  person,
  topUp,
  untilStarted,
} from "./people.ts";
import { picture } from "./picture-files.ts";
import { wsUrl } from "./viewer.ts";

test("a gift sent with the client survives lost responses: it is paid, shown and returned once", async () => {
  const [{ id }, as, rose] = await Promise.all([liveStream(), person(), giftType(7)]);
  await topUp(as, 100);
  await untilStarted(id, as);
  let lost = 0;
  /** The gift arrives, but its response is lost: three times. */
  const forgetful: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    if (!String(request[0]).endsWith("/gifts/create") || ++lost > 3) return answer;
    await answer.text();
    throw new TypeError("The connection was reset");
  };
  const client = createClient({
    url: apiUrl(),
    socketUrl: wsUrl(),
    token: async () => as.token,
    compact: true,
    fetch: forgetful,
    WebSocket: WebSocket as unknown as NonNullable<Options["WebSocket"]>,
  });
  const stream = client.subscribe(id.toUpperCase());
  await eventually(
    async () => stream.position(),
    (position) => position !== undefined,
  );
  const heard: Event[] = [];
  const reading = (async () => {
    for await (const event of stream) heard.push(event);
  })();
  const gift = await client.sendGift(id, rose);
  expect(lost).toBe(4);
  await client.sendMessage(id, "after the gift");
  await eventually(
    async () => heard.at(-1)?.type,
    (type) => type === "chat.message",
  );
  expect(heard.map(({ type }) => type)).toEqual(["gift.sent", "chat.message"]);
  expect(heard[0]!.data).toMatchObject({ id: gift.id, sender: { _id: as.id } });
  expect((await call("GET /api/v1/wallet", { as })).body.data.balance).toBe(93);
  client.close();
  await reading;
});

test("two viewers see one chat: history and new messages, concurrent sends, deletions", async () => {
  const [{ id }, ann, bob] = await Promise.all([liveStream(), person(), person()]);
  const clientOf = (token: string) =>
    createClient({
      url: apiUrl(),
      socketUrl: wsUrl(),
      token: () => token,
      WebSocket: WebSocket as unknown as NonNullable<Options["WebSocket"]>,
    });
  const [anns, bobs] = [clientOf(ann.token), clientOf(bob.token)];
  const texts = ({ messages }: History) => messages.map(({ content }) => content);
  for (const text of ["1", "2", "3"]) await anns.sendMessage(id, text);
  // A subscription gets what enters the log after it: also a message older than its history.
  await eventually(
    () => call(`GET /api/v1/live-stream/${id}/events?after=0`, { as: ann }),
    ({ text }) => text.includes('"content":"3"'),
  );
  const stream = anns.subscribe(id);
  const chat = await stream.history({ limit: 2 });
  const other = await bobs.subscribe(id).history();
  expect([texts(chat), chat.hasOlder, texts(other)]).toEqual([["2", "3"], true, ["1", "2", "3"]]);
  expect(await chat.older()).toBe(false);
  const pending = stream.send("  4  ");
  expect(chat.pending).toEqual([pending]);
  const sent = await pending.sent;
  const shown = ["1", "2", "3", "4"];
  await eventually(
    async () => texts(other),
    (all) => all.length === 4,
  );
  expect([texts(chat), texts(other), chat.pending]).toEqual([shown, shown, []]);
  await anns.call("DELETE /api/v1/live-stream/{streamId}/chat/messages/{messageId}", {
    path: { streamId: id, messageId: sent._id },
  });
  await eventually(
    async () => [texts(chat), texts(other)],
    (all) => all.every(({ length }) => length === 3),
  );
  expect(await anns.userId()).toBe(ann.id);
  const refused = anns.call("POST /api/v1/gifts/create", {
    body: { giftTypeId: await giftType(7), liveStreamId: id },
  });
  await expect(refused).rejects.toMatchObject({ statusCode: 409, code: "credits_too_low" });
  anns.close();
  bobs.close();
});

test("files are uploaded as forms: a photo, and a stream with its thumbnail and lists", async () => {
  const as = await person();
  const client = createClient({ url: apiUrl(), token: () => as.token });
  const png = new Blob([picture("image/png")], { type: "image/png" });
  const me = await client.call("POST /api/v1/users/me/photo", { body: { photo: png } });
  const shown = await fetch(me.profilePhoto.url);
  expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/png"]);

  const body = {
    title: "Çay",
    thumbnail: png,
    guests: [as.id],
    durationGoal: 60,
    motivation: null,
  };
  const stream = await client.call("POST /api/v1/live-stream/create", { body });
  expect(stream).toMatchObject({ title: "Çay", guests: [as.id], durationGoal: 60 });
  expect((await fetch(stream.thumbnailUrl)).status).toBe(200);

  const form = new FormData();
  form.set("title", "made by hand");
  const other = await client.call("POST /api/v1/live-stream/create", { body: form });
  expect(other.title).toBe("made by hand");
  client.close();
});
