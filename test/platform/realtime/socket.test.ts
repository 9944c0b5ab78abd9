import { handler } from "../../../functions/realtime/default.ts";
import { type Poster, usePoster } from "../../../platform/push/gateway.ts";

const perSecond = 3;
const said: { connectionId: string; message: unknown }[] = [];

beforeAll(() => {
  process.env.SOCKET_MESSAGES_PER_SECOND = String(perSecond);
  const poster: Poster = {
    post: async (connectionId, { bytes }) => {
      said.push({ connectionId, message: JSON.parse(bytes.toString()) });
      return "sent";
    },
    close: async () => "sent",
    probe: async () => "sent",
  };
  usePoster(poster);
});
afterAll(() => usePoster(undefined));

const send = (connectionId: string, body: string) =>
  handler({
    requestContext: {
      connectionId,
      eventType: "MESSAGE",
      connectedAt: Date.now(),
      authorizer: { sub: "u", exp: String(Math.floor(Date.now() / 1000) + 60) },
    },
    body,
  });

test("too many messages of one connection are told so, each under its requestId", async () => {
  for (let n = 0; n < 10 * perSecond; n++)
    await send("flood", JSON.stringify({ action: "fly", requestId: `r${n}` }));
  await send("flood", "not json");
  await send("calm", JSON.stringify({ action: "fly", requestId: "calm" }));
  const flood = said.filter(({ connectionId }) => connectionId === "flood");
  expect(flood).toHaveLength(10 * perSecond + 1);
  const late = flood.slice(2 * perSecond).map(({ message }) => message);
  const error = {
    ...{ type: "error", statusCode: 429, code: "too_many_requests" },
    errors: ["Too many requests"],
  };
  for (const [at, message] of late.slice(0, -1).entries())
    expect(message).toEqual({ ...error, requestId: `r${2 * perSecond + at}` });
  expect(late.at(-1)).toEqual(error);
  expect(said.at(-1)).toMatchObject({ message: { statusCode: 400, requestId: "calm" } });
});
