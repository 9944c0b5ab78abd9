import { jest } from "@jest/globals";
import { OvationError } from "../../client/index.ts";
import { createChat, frameOf, said } from "./chat-server.ts";
import { createTestClient, jwt, pass } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

/** A user with a chat of three messages; records what is shown at each change. */
async function chatting() {
  const chat = createChat(3);
  const held = createTestClient({ fetch: chat.fetch, token: () => jwt(3600, "me") });
  const stream = held.follow();
  const changes: string[][] = [];
  await pass(20);
  held.last().greet();
  const opening = stream.history({
    onChange: ({ messages, pending }) =>
      changes.push([
        ...messages.map(({ content }) => content),
        ...pending.map(({ content, status }) => `${content}:${status}`),
      ]),
  });
  await pass(10);
  const history = await opening;
  return { ...held, chat, stream, history, changes, shown: () => changes.at(-1) };
}

const refusal = (status: number, code: string, headers: Record<string, string> = {}) =>
  Response.json(
    { isSuccess: false, statusCode: status, data: null, errors: ["No", "Not now"] },
    { status, headers: { "x-error-code": code, ...headers } },
  );

/** Returns a function that responds to a POST. */
function answerLater(chat: ReturnType<typeof createChat>) {
  let answer!: (response: Response) => void;
  chat.answers.push(() => new Promise((done) => (answer = done)));
  return (response: Response) => answer(response);
}

test("a sent message shows at once, and only once if its response comes before its frame", async () => {
  const { client, chat, stream, last, shown, changes } = await chatting();
  const pending = stream.send(" hello ");
  expect(pending).toMatchObject({ content: " hello ", status: "pending" });
  expect(shown()).toEqual(["1", "2", "3", " hello :pending"]);
  const sent = await pending.sent;
  expect(chat.keys).toEqual([pending.key]);
  expect(pending.status).toBe("sent");
  expect(shown()).toEqual(["1", "2", "3", "hello"]);
  const count = changes.length;
  last().say(frameOf(1, [said(sent)]));
  await pass(1);
  // The frame adds nothing.
  expect(changes).toHaveLength(count);
  expect(shown()).toEqual(["1", "2", "3", "hello"]);
  client.close();
});

test("a reply with the same text is another message, the text without spaces the same one", async () => {
  const { client, chat, stream, history, last } = await chatting();
  const answer = answerLater(chat);
  stream.send(" hello ");
  const replyTo = chat.messages[0]!._id;
  last().say(frameOf(1, [said({ ...chat.say("hello", "me"), replyTo })]));
  await pass(1);
  expect(history.pending).toHaveLength(1);
  const own = chat.say("hello", "me");
  last().say(frameOf(2, [said(own)]));
  await pass(1);
  expect(history.pending).toHaveLength(0);
  answer(Response.json(own, { status: 201 }));
  client.close();
});

test("a frame that arrives before the response replaces the pending message", async () => {
  const { client, chat, stream, history, last, changes } = await chatting();
  const answer = answerLater(chat);
  const pending = stream.send("hello");
  const message = chat.say("hello", "me");
  last().say(frameOf(1, [said(chat.say("hello", "ann")), said(message)]));
  await pass(1);
  expect(history.pending).toEqual([]);
  expect(
    changes.filter((shown) => shown.filter((text) => text.includes("hello")).length > 2),
  ).toEqual([]);
  answer(Response.json(message, { status: 201 }));
  expect((await pending.sent)._id).toBe(message._id);
  expect(history.messages.map(({ content }) => content)).toEqual(["1", "2", "3", "hello", "hello"]);
  client.close();
});

test("the same text from the user's other device is a separate message", async () => {
  const { client, chat, stream, history, last } = await chatting();
  const answer = answerLater(chat);
  stream.send("hello");
  last().say(frameOf(1, [said(chat.say("hello", "me"))]));
  await pass(1);
  expect(history.pending).toEqual([]);
  answer(Response.json(chat.say("hello", "me"), { status: 201 }));
  await pass(1);
  expect(history.messages).toHaveLength(5);
  client.close();
});

test("a refusal is reported with its code, and a retry uses the same key", async () => {
  const { client, chat, stream, history, shown } = await chatting();
  chat.answers.push(() => refusal(403, "member_muted"));
  const pending = stream.send("hello", { replyTo: "2" });
  await expect(pending.sent).rejects.toMatchObject({ statusCode: 403, code: "member_muted" });
  expect(pending).toMatchObject({ status: "failed", replyTo: "2" });
  expect(pending.error).toBeInstanceOf(OvationError);
  expect(shown()).toEqual(["1", "2", "3", "hello:failed"]);
  const again = pending.retry();
  expect(shown()).toEqual(["1", "2", "3", "hello:pending"]);
  await again;
  expect(shown()).toEqual(["1", "2", "3", "hello"]);
  expect(chat.keys).toEqual([pending.key, pending.key]);
  expect(history.pending).toEqual([]);
  // Not sent twice.
  await pending.retry();
  expect(chat.keys).toHaveLength(2);
  client.close();
});

test("a failed message can be discarded, a pending one cannot", async () => {
  const { client, chat, stream, history } = await chatting();
  chat.answers.push(() => refusal(403, "member_muted"));
  const pending = stream.send("hello");
  pending.discard();
  expect(history.pending).toHaveLength(1);
  await pending.sent.catch(() => {});
  pending.discard();
  expect(history.pending).toEqual([]);
  await expect(pending.retry()).rejects.toMatchObject({ code: "member_muted" });
  expect(chat.keys).toHaveLength(1);
  client.close();
});

test("slow mode is reported at once with its seconds; nothing is sent later without the user", async () => {
  const { client, chat, stream } = await chatting();
  chat.answers.push(() => refusal(429, "slow_mode", { "retry-after": "7" }));
  const pending = stream.send("hello");
  await pass(60_000);
  expect(pending).toMatchObject({
    status: "failed",
    error: { code: "slow_mode", statusCode: 429, retryAfterSeconds: 7 },
  });
  expect((pending.error as OvationError).key).toBeUndefined();
  expect(chat.keys).toHaveLength(1);
  client.close();
});

test("if the response never arrives, the frame confirms the message", async () => {
  const { client, chat, stream, history, last } = await chatting();
  for (let n = 0; n < 20; n++) chat.answers.push(() => Promise.reject(new TypeError("Failed")));
  const pending = stream.send("hello");
  const message = chat.say("hello", "me");
  last().say(frameOf(1, [said(message)]));
  await pass(100_000);
  expect(await pending.sent).toEqual(message);
  expect([history.pending, history.messages.length]).toEqual([[], 4]);
  client.close();
});

test("a pending message outlives its subscription, for other and later listeners", async () => {
  const { client, chat, stream, follow, history, last } = await chatting();
  const answer = answerLater(chat);
  const pending = stream.send("hello");
  stream.close();
  expect(history.pending).toEqual([pending]);
  const other = follow();
  await pass(10);
  last().greet();
  const opening = other.history();
  await pass(10);
  const later = await opening;
  expect(later.pending).toEqual([pending]);
  answer(Response.json(chat.say("hello", "me"), { status: 201 }));
  await pending.sent;
  expect(pending.status).toBe("sent");
  expect(later.pending).toEqual([]);
  expect(later.messages.at(-1)!.content).toBe("hello");
  client.close();
});

test("a frame with the same text twice shows both pending messages", async () => {
  const { client, chat, stream, history, last } = await chatting();
  const answers = [answerLater(chat), answerLater(chat)];
  const sent = [stream.send("hello"), stream.send("hello")];
  const messages = [chat.say("hello", "me"), chat.say("hello", "me")];
  last().say(frameOf(1, messages.map(said)));
  await pass(1);
  expect(history.pending).toEqual([]);
  expect(history.messages).toHaveLength(5);
  for (const [at, answer] of answers.entries())
    answer(Response.json(messages[at], { status: 201 }));
  await Promise.all(sent.map((one) => one.sent));
  expect([history.pending, history.messages.length]).toEqual([[], 5]);
  client.close();
});

test("a refused message fails although the user's other device sent the same text", async () => {
  const { client, chat, stream, history, last, shown } = await chatting();
  const answer = answerLater(chat);
  const pending = stream.send("hello");
  last().say(frameOf(1, [said(chat.say("hello", "me"))]));
  await pass(1);
  expect(history.pending).toEqual([]);
  answer(refusal(403, "member_muted"));
  await expect(pending.sent).rejects.toMatchObject({ code: "member_muted" });
  expect(pending.status).toBe("failed");
  expect(shown()).toEqual(["1", "2", "3", "hello", "hello:failed"]);
  client.close();
});

test("a message deleted before its response arrives is not shown without its text", async () => {
  const { client, chat, stream, history } = await chatting();
  chat.answers.push(() => {
    const message = { ...chat.say("hello", "me"), content: "", deleted: true };
    return Response.json(message, { status: 201 });
  });
  const pending = stream.send("hello");
  expect(await pending.sent).toMatchObject({ content: "" });
  expect(history.messages.map(({ content }) => content)).toEqual(["1", "2", "3"]);
  expect(history.pending).toEqual([]);
  client.close();
});

test("a message in flight is pending in the next subscription, whatever other streams are open", async () => {
  const { client, chat, stream, last } = await chatting();
  client.subscribe("64d15f9e2e6c8f4d5a123001");
  const answer = answerLater(chat);
  stream.send("hello");
  stream.close();
  const again = client.subscribe(stream.streamId);
  await pass(1);
  last().greet();
  const opening = again.history();
  await pass(10);
  const history = await opening;
  expect(history.pending.map(({ content }) => content)).toEqual(["hello"]);
  const message = chat.say("hello", "me");
  answer(Response.json(message, { status: 201 }));
  await pass(1);
  expect(history.pending).toEqual([]);
  expect(history.messages.at(-1)).toEqual(message);
  client.close();
});

/** A message whose attempts all get no response, and which the server may have created. */
async function failUnclear({ chat, stream }: Awaited<ReturnType<typeof chatting>>) {
  for (let n = 0; n < 20; n++) chat.answers.push(() => Promise.reject(new TypeError("Failed")));
  const pending = stream.send("hello");
  await pass(100_000);
  chat.answers.length = 0;
  expect(pending).toMatchObject({ status: "failed", error: { mayHaveHappened: true } });
  return pending;
}

/** Brings the viewer back online, without having missed a frame. */
async function comeBack({ last, sockets }: Awaited<ReturnType<typeof chatting>>) {
  last().drop();
  const { length } = sockets;
  while (sockets.length === length) await pass(100);
  await pass(20);
  last().greet(0, { recovered: true });
  await pass(1);
}

test("a message that failed without a response is confirmed by a later frame", async () => {
  const held = await chatting();
  const { client, chat, history, last, changes, shown } = held;
  const pending = await failUnclear(held);
  await comeBack(held);
  const count = changes.length;
  const message = chat.say("hello", "me");
  last().say(frameOf(1, [said(message)]));
  await pass(1);
  expect(shown()).toEqual(["1", "2", "3", "hello"]);
  expect([history.pending, changes.length]).toEqual([[], count + 1]);
  expect(pending).toMatchObject({ status: "sent", error: undefined });
  const posts = chat.keys.length;
  expect([await pending.sent, await pending.retry()]).toEqual([message, message]);
  expect(chat.keys).toHaveLength(posts);
  client.close();
});

test("a frame that confirms a failed message updates `pending` although the chat has it", async () => {
  const held = await chatting();
  const { client, chat, history, last } = held;
  await failUnclear(held);
  await comeBack(held);
  const message = chat.say("hello", "me");
  // The newest page is read again and has the message before its frame arrives.
  last().say(frameOf(1, [], "b"));
  await pass(1);
  last().greet(9, { epoch: "b", recovered: false });
  await pass(10);
  expect([history.pending.length, history.messages.length]).toEqual([1, 4]);
  last().say(frameOf(10, [said(message)], "b"));
  await pass(1);
  expect([history.pending.length, history.messages.length]).toEqual([0, 4]);
  client.close();
});

test("a frame confirms the message in flight, not an equal one that failed before", async () => {
  const held = await chatting();
  const { client, chat, stream, last, shown } = held;
  const failed = await failUnclear(held);
  await comeBack(held);
  const answer = answerLater(chat);
  const again = stream.send("hello");
  const message = chat.say("hello", "me");
  last().say(frameOf(1, [said(message)]));
  await pass(1);
  answer(Response.json(message, { status: 201 }));
  await again.sent;
  expect([failed.status, again.status]).toEqual(["failed", "sent"]);
  expect(shown()).toEqual(["1", "2", "3", "hello", "hello:failed"]);
  client.close();
});

test("the frame of a message that is sent already confirms no equal one after it", async () => {
  const { client, chat, stream, history, last } = await chatting();
  const first = await stream.send("hello").sent;
  const answer = answerLater(chat);
  const pending = stream.send("hello");
  last().say(frameOf(1, [said(first)]));
  await pass(1);
  expect(history.pending).toEqual([pending]);
  answer(refusal(403, "member_muted"));
  await pass(1);
  expect(history.pending).toMatchObject([{ status: "failed" }]);
  client.close();
});

test("the response of the second of two equal messages in flight names its frame", async () => {
  const { client, chat, stream, history, last } = await chatting();
  const answers = [answerLater(chat), answerLater(chat)];
  const [first, second] = [stream.send("hello"), stream.send("hello")];
  const message = chat.say("hello", "me");
  last().say(frameOf(1, [said(message)]));
  await pass(1);
  expect(history.pending).toHaveLength(1);
  answers[1]!(Response.json(message, { status: 201 }));
  await second.sent;
  expect(history.pending).toEqual([first]);
  const other = chat.say("hello", "me");
  answers[0]!(Response.json(other, { status: 201 }));
  await first.sent;
  expect([history.pending, history.messages.length]).toEqual([[], 5]);
  client.close();
});
