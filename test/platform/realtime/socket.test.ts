import { refuse } from "../../../domain/refusal.ts";
import { countRefusedMessage } from "../../../platform/realtime/rate-limit.ts";
import { socket } from "../../../platform/realtime/socket.ts";
import { noteFlood } from "../../../platform/store/log/floods.ts";
import { countUse } from "../../../platform/table/rates.ts";
import { intercept } from "../intercept.ts";
import { posterWith } from "../push/posters.ts";
import { everyRate, useOwnTable } from "../table.ts";

const perSecond = 3;
const begin = new Date("2026-05-01T12:00:00Z").getTime();
useOwnTable({ RATES: everyRate(perSecond, perSecond) });
const answers: { connectionId: string; message: unknown }[] = [];

const closed: string[] = [];
const poster = posterWith({
  close: async (connectionId) => {
    closed.push(connectionId);
    return "sent";
  },
  post: async (connectionId, { bytes }) => {
    answers.push({ connectionId, message: JSON.parse(bytes.toString()) });
    return "sent";
  },
});
const { handler } = socket(
  { route: "$default", summary: "Refuse everything", refusals: [], grants: {} },
  async () => refuse("request_invalid"),
  () => poster,
);

const send = (connectionId: string, body: string, sub = connectionId, secondsLeft = 60) =>
  handler({
    requestContext: {
      connectionId,
      eventType: "MESSAGE",
      connectedAt: Date.now(),
      authorizer: { sub, exp: String(Math.floor(Date.now() / 1000) + secondsLeft) },
    },
    body,
  });

const answersTo = (connectionId: string) =>
  answers.filter((one) => one.connectionId === connectionId).map(({ message }) => message);

test("too many messages get one error with its requestId, then are counted silently", async () => {
  const flood = Array.from({ length: 20 * perSecond }, (_, n) =>
    send("flood", JSON.stringify({ action: "fly", requestId: `r${n}` })),
  );
  const began = Date.now();
  await Promise.all(flood);
  const seconds = Math.ceil((Date.now() - began) / 1000);
  await send("calm", JSON.stringify({ action: "fly", requestId: "calm" }));
  const limited = answersTo("flood").filter(
    (one) => (one as { code: string }).code !== "request_invalid",
  );
  expect(limited).toEqual([
    {
      type: "error",
      statusCode: 429,
      code: "too_many_requests",
      errors: ["Too many requests"],
      requestId: expect.stringMatching(/^r\d+$/),
    },
  ]);
  // Those at once, and those of each second that the flood took; the clock may be between two.
  expect(answersTo("flood").length).toBeLessThan((4 + seconds) * perSecond);
  expect(answersTo("calm")).toMatchObject([{ statusCode: 400, requestId: "calm" }]);
});

test("a thousand limited messages in a minute close the connection once, in whatever environment", async () => {
  const words: string[] = [];
  for (let n = 0; n < 1_100; n++)
    words.push(await countRefusedMessage("storm", new Date(begin + n * 20)));
  expect(words[0]).toBe("answer");
  expect(words.filter((word) => word === "close")).toHaveLength(1);
  expect(words.indexOf("close")).toBeGreaterThanOrEqual(999);
  expect(words.indexOf("close")).toBeLessThan(1_020);
  expect(new Set(words.slice(1, words.indexOf("close")))).toEqual(new Set(["silent"]));
});

test("a flood that the table cannot count is answered and counted in memory", async () => {
  const restore = intercept(async ({ input }, next) => {
    if (JSON.stringify(input).includes("refusals")) throw new Error("The table does not answer");
    return next();
  });
  const flood = Array.from({ length: 15 }, () => send("uncounted", "not json"));
  expect(await Promise.all(flood).finally(restore)).toEqual(
    flood.map(() => ({ statusCode: 200, body: "" })),
  );
  const limited = answersTo("uncounted").filter(
    (one) => (one as { code: string }).code !== "request_invalid",
  );
  expect(limited).toMatchObject([{ statusCode: 429, code: "too_many_requests" }]);
});

test("a flood that moves to another environment is still answered once", async () => {
  const at = begin + 3_600_000;
  expect(await countRefusedMessage("moving", new Date(at))).toBe("answer");
  // Twenty messages that the other environment counted a moment ago.
  await noteFlood("moved", 20, new Date(at));
  expect(await countRefusedMessage("moved", new Date(at + 1_000))).toBe("silent");
  expect(await countRefusedMessage("moved", new Date(at + 7_000))).toBe("answer");
});

test("a user who opens too many sockets at once cannot open more", async () => {
  const { handler: connect } = socket(
    { route: "$connect", summary: "Open a connection", refusals: [], grants: {} },
    async () => ({ statusCode: 200 }),
    () => poster,
  );
  const exp = String(Math.floor(Date.now() / 1000) + 60);
  const open = (connectionId: string) => {
    const authorizer = { sub: "opener", exp };
    const opening = { eventType: "CONNECT", connectedAt: Date.now() } as const;
    return connect({ requestContext: { connectionId, ...opening, authorizer } });
  };
  const opened = await Promise.all(Array.from({ length: 20 * perSecond }, (_, n) => open(`c${n}`)));
  const statuses = new Set(opened.map(({ statusCode }) => statusCode));
  expect([...statuses].sort()).toEqual([200, 429]);
});

test("a message on a socket whose token has expired is refused", async () => {
  await send("expired", JSON.stringify({ action: "ping", requestId: "r" }), "expired", -1);
  expect(answersTo("expired")).toMatchObject([
    { type: "error", statusCode: 401, code: "token_invalid", requestId: "r" },
  ]);
});

test("the limit of a rarer action is reported each time and closes nothing", async () => {
  const words: string[] = [];
  for (let n = 0; n < 30; n++)
    words.push(await countRefusedMessage("slow", new Date(begin + n * 6_000)));
  expect(new Set(words)).toEqual(new Set(["answer"]));
});

test("the message that is one too many closes the connection, after a notice with 4429", async () => {
  for (let n = 0; n < 49; n++) await noteFlood("storm-2", 20, new Date());
  await noteFlood("storm-2", 19, new Date());
  for (let n = 0; closed.length === 0 && n < 100; n++) await send("storm-2", "not json");
  expect(closed).toEqual(["storm-2"]);
  expect(answersTo("storm-2")).toContainEqual({
    type: "closing",
    code: 4429,
    reason: "Too many messages",
  });
});

test("a user may reconnect at once after a flood, and after a second one only a minute later", async () => {
  const connect = (laterMilliseconds = 0) =>
    countUse("handshakes", "stormy", new Date(Date.now() + laterMilliseconds));
  for (const connectionId of ["storm-3", "storm-4"]) {
    await connect();
    await noteFlood(connectionId, 999, new Date());
    for (let n = 0; !closed.includes(connectionId) && n < 100; n++)
      await send(connectionId, "not json", "stormy");
    expect(closed).toContain(connectionId);
  }
  await expect(connect()).rejects.toMatchObject({ code: "too_many_requests" });
  await expect(connect(50_000)).rejects.toMatchObject({ code: "too_many_requests" });
  await connect(65_000);
});
