import { refuse } from "../../../domain/refusal.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { posterWith } from "../push/ways.ts";

const perSecond = 3;
const answers: { connectionId: string; message: unknown }[] = [];

process.env.SOCKET_MESSAGES_PER_SECOND = String(perSecond);

const poster = posterWith({
  post: async (connectionId, { bytes }) => {
    answers.push({ connectionId, message: JSON.parse(bytes.toString()) });
    return "sent";
  },
});
const { handler } = socket(
  { route: "$default", says: "Refuse everything", refusals: [], grants: {} },
  async () => refuse("request_invalid"),
  () => poster,
);

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
  const flood = answers.filter(({ connectionId }) => connectionId === "flood");
  expect(flood).toHaveLength(10 * perSecond + 1);
  const late = flood.slice(2 * perSecond).map(({ message }) => message);
  const error = {
    ...{ type: "error", statusCode: 429, code: "too_many_requests" },
    errors: ["Too many requests"],
  };
  for (const [at, message] of late.slice(0, -1).entries())
    expect(message).toEqual({ ...error, requestId: `r${2 * perSecond + at}` });
  expect(late.at(-1)).toEqual(error);
  expect(answers.at(-1)).toMatchObject({ message: { statusCode: 400, requestId: "calm" } });
});
