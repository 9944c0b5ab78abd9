import { WebSocket } from "ws";
import { createClient, type Event, type Options } from "../../client/index.ts";
import { apiUrl, call, eventually, giftType, liveStream, person, topUp } from "./people.ts";
import { wsUrl } from "./viewer.ts";

test("a gift sent with the client survives lost answers: it is paid, shown and answered once", async () => {
  const [{ id }, as, rose] = await Promise.all([liveStream(), person(), giftType(7)]);
  await topUp(as, 100);
  let lost = 0;
  /** The gift arrives, and its answer does not: three times. */
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
