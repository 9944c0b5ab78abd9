import { jest } from "@jest/globals";
import { profileOf } from "../../domain/people/user.ts";
import { makeBan } from "../../domain/streams/ban.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { handler } from "../../functions/streams/chat/send-message.ts";
import { newId } from "../../platform/runtime/id.ts";
import { liftBan, recordBan } from "../../platform/store/streams/bans.ts";
import { findMessage, listMessages, recordGap } from "../../platform/store/streams/messages.ts";
import { deleteMessage } from "../../platform/store/streams/pins.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser, someone } from "./wallet-people.ts";

/*
 * A message with an Idempotency-Key is three writes one after the other: its number, the mark of
 * its key, and the message. A call may end before and after each of them, and its repetition has to
 * find what is missing, and nothing twice.
 */

useOwnTable();

type Command = { constructor: { name: string }; input: Record<string, unknown> };
type Written = { PK: string; units: number };

const isWrite = (command: Command) => /Put|Update|Delete|Write/.test(command.constructor.name);

/** The items that a command writes, by partition key; of a transaction each costs twice. */
function writtenBy({ input }: Command): Written[] {
  const parts = input.TransactItems as Record<string, Record<string, unknown>>[] | undefined;
  const actions = parts?.flatMap((part) => Object.values(part)) ?? [input];
  return actions.map(({ Item, Key }) => ({
    PK: String(((Item ?? Key) as { PK: string }).PK),
    units: parts === undefined ? 1 : 2,
  }));
}

/** What happens to writes from now on: `send` executes them. */
type Course = (send: () => Promise<unknown>, command: Command) => Promise<unknown>;
const asUsual: Course = (send) => send();
let course = asUsual;

beforeAll(() => {
  const client = table();
  const send = (command: Command) => {
    const write = () => client.send(command as never) as Promise<unknown>;
    return isWrite(command) ? course(write, command) : write();
  };
  useTable({ send } as unknown as typeof client);
});
afterEach(() => {
  course = asUsual;
  jest.useRealTimers();
});

/** Moves the clock that functions read; timers run in real time. */
function passSeconds(seconds: number): void {
  const doNotFake = [
    ...(["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const),
    ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
  ];
  jest.useFakeTimers({ doNotFake, now: Date.now() + seconds * 1000 });
}

const lost = () => Object.assign(new Error("lost"), { $metadata: { httpStatusCode: 400 } });

/** From write number `at` (from 1) on nothing arrives, as if the process had died. */
function dieAt(at: number, isAfter: boolean, counts = (_: Command) => true): () => number {
  let writes = 0;
  course = async (send, command) => {
    if (counts(command)) writes++;
    if (writes < at) return send();
    if (writes === at && isAfter) await send();
    throw lost();
  };
  return () => writes;
}

const isOfMessage = (command: Command) => writtenBy(command).some(({ PK }) => isStream(PK));
const isStream = (PK: string) => PK.startsWith("STREAM#");

async function room() {
  const [host, sender] = [await makeUser(someone("host")), await makeUser(someone("sender"))];
  const stream = await makeStream(host);
  const say = async (content = "hello", as = sender) => {
    const path = { streamId: stream.id };
    const answer = await callEndpoint(handler, { as, path, body: { content }, key: "the key" });
    return { status: answer.status, body: answer.body };
  };
  // Makes an environment's one-time calls, so that each call below has the same writes.
  const first = { as: sender, path: { streamId: stream.id }, body: { content: "first" } };
  expect((await callEndpoint(handler, first)).status).toBe(201);
  return { stream, sender, say };
}

/** The texts of a room but the first one, as its history has them. */
async function textsOf({ id }: Stream) {
  const { messages } = await listMessages(id, { limit: 100 }, new Date());
  return messages.map(({ content }) => content).filter((content) => content !== "first");
}

const writesOfACall = 4;

describe("a call that dies", () => {
  const steps = Array.from({ length: writesOfACall }, (_, at) => at + 1);
  test.each(steps.flatMap((at) => [[at, "before"] as const, [at, "after"] as const]))(
    "at its write %i, %s it arrived, is one message when it is repeated, with the same response",
    async (at, when) => {
      const { stream, say } = await room();
      const writes = dieAt(at, when === "after");
      expect((await say()).status).toBeGreaterThanOrEqual(500);
      expect(writes()).toBeGreaterThanOrEqual(at);
      course = asUsual;
      const again = await say();
      expect(again.status).toBe(201);
      expect(again.body).toMatchObject({ content: "hello", sender: { name: "" } });
      expect(await textsOf(stream)).toEqual(["hello"]);
      expect(await findMessage(stream.id, String(again.body._id), new Date())).toMatchObject({
        content: "hello",
      });
      expect(await say()).toEqual(again);
      expect((await say("other")).status).toBe(422);
      expect(await textsOf(stream)).toEqual(["hello"]);
    },
  );

  test("has these writes and no others", async () => {
    const { say } = await room();
    const writes = dieAt(100, false);
    expect((await say()).status).toBe(201);
    expect(writes()).toBe(writesOfACall);
  });

  test("and is repeated a minute later sends a new message: the first one can no longer arrive", async () => {
    const { stream, say } = await room();
    dieAt(1, false, isOfMessage);
    expect((await say()).status).toBe(500);
    course = asUsual;
    passSeconds(61);
    const began = Date.now();
    const again = await say();
    expect(again.status).toBe(201);
    expect(Date.parse(String(again.body.createdAt))).toBeGreaterThanOrEqual(began);
    expect(await textsOf(stream)).toEqual(["hello"]);
    expect((await listMessages(stream.id, { limit: 10 }, new Date())).total).toBe(2);
    expect(await say()).toEqual(again);
  });

  test("leaves its key to another text, once its own can no longer arrive", async () => {
    const { stream, say } = await room();
    dieAt(1, false, isOfMessage);
    await say();
    course = asUsual;
    expect((await say("other")).status).toBe(422);
    passSeconds(61);
    expect((await say("other")).status).toBe(201);
    expect((await say()).status).toBe(422);
    expect(await textsOf(stream)).toEqual(["other"]);
  });

  test("sends nothing for a sender who was banned meanwhile, until the ban is over", async () => {
    const { stream, sender, say } = await room();
    dieAt(1, false, isOfMessage);
    await say();
    course = asUsual;
    const now = new Date();
    const given = { stream, target: profileOf(sender, {}, now), by: stream.hostId, now };
    const ban = makeBan({ actionType: "CHAT_ONLY" }, { ...given, id: newId(now) });
    await recordBan(stream, ban, now);
    expect((await say()).status).toBe(403);
    expect(await textsOf(stream)).toEqual([]);
    await liftBan(ban, stream.hostId, new Date());
    expect((await say()).status).toBe(201);
    expect(await textsOf(stream)).toEqual(["hello"]);
  });
});

describe("a call whose message could not be written", () => {
  /** The first write of a message fails, and the process lives on. */
  function failOnce(isAfter: boolean) {
    let isDone = false;
    course = async (send, command) => {
      if (isDone || !isOfMessage(command)) return send();
      isDone = true;
      if (isAfter) await send();
      throw Object.assign(lost(), { name: "ThrottlingException" });
    };
  }

  test("is refused, and its key is free for the next message", async () => {
    const { stream, say } = await room();
    failOnce(false);
    expect((await say()).status).toBe(503);
    const other = await say("other");
    expect(other.status).toBe(201);
    expect(await textsOf(stream)).toEqual(["other"]);
    expect((await listMessages(stream.id, { limit: 10 }, new Date())).total).toBe(2);
    expect(await say("other")).toEqual(other);
  });

  test("is reported as failed although it was written: the retry finds it", async () => {
    const { stream, say } = await room();
    failOnce(true);
    expect((await say()).status).toBe(503);
    expect((await say()).status).toBe(201);
    expect(await textsOf(stream)).toEqual(["hello"]);
  });

  test("takes a new number if a reader has recorded its own as a gap", async () => {
    const { stream, say } = await room();
    dieAt(1, false, isOfMessage);
    await say();
    course = asUsual;
    expect(await recordGap(stream.id, 2)).toBe(true);
    const answers = await Promise.all([say(), say(), say()]);
    for (const { status } of answers) expect([201, 409]).toContain(status);
    const made = answers.filter(({ status }) => status === 201).map(({ body }) => body._id);
    expect(new Set(made).size).toBe(1);
    expect(await say()).toMatchObject({ status: 201, body: { _id: made[0] } });
    expect(await textsOf(stream)).toEqual(["hello"]);
  });
});

describe("while a call waits for its message to be written", () => {
  /** The first message of a room waits until it is let go. */
  function hold() {
    const { promise: free, resolve: letGo } = Promise.withResolvers<void>();
    const held = new Promise<void>((begin) => {
      let isHeld = false;
      course = async (send, command) => {
        if (isHeld || !isOfMessage(command)) return send();
        isHeld = true;
        begin();
        await free;
        return send();
      };
    });
    return { held, letGo };
  }

  test("its repetition writes it, and both get the same response", async () => {
    const { stream, say } = await room();
    const { held, letGo } = hold();
    const first = say();
    await held;
    const again = await say();
    expect(again.status).toBe(201);
    expect(await textsOf(stream)).toEqual(["hello"]);
    letGo();
    expect(await first).toEqual(again);
    expect(await textsOf(stream)).toEqual(["hello"]);
  });

  test("a message that its repetition wrote and that was deleted stays deleted", async () => {
    const { stream, say } = await room();
    const { held, letGo } = hold();
    const first = say();
    await held;
    const { body } = await say();
    const message = (await findMessage(stream.id, String(body._id), new Date()))!;
    await deleteMessage(stream, message, stream.hostId, new Date());
    letGo();
    expect((await first).status).toBe(201);
    expect(await textsOf(stream)).toEqual([]);
    expect(await say()).toMatchObject({ status: 201, body: { content: "", deleted: true } });
    expect(await textsOf(stream)).toEqual([]);
  });

  test("a minute is too long: its number is abandoned, and it gets its repetition's response", async () => {
    const { stream, say } = await room();
    const { held, letGo } = hold();
    const first = say();
    await held;
    passSeconds(61);
    const again = await say();
    expect(again.status).toBe(201);
    letGo();
    expect(await first).toEqual(again);
    expect(await say()).toEqual(again);
    expect(await textsOf(stream)).toEqual(["hello"]);
  });
});

test("with a key a message costs its stream's key one write unit, as without", async () => {
  const { say } = await room();
  const spent: Record<string, number> = {};
  course = (send, command) => {
    for (const { PK, units } of writtenBy(command)) {
      const [head = ""] = PK.split("#");
      spent[head] = (spent[head] ?? 0) + units;
    }
    return send();
  };
  expect((await say()).status).toBe(201);
  expect(spent).toEqual({ SENDER: 1, CHAT: 1, REPLAY: 1, STREAM: 1 });
});
