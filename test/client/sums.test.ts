import { jest } from "@jest/globals";
import { createTestClient, pass, streamId } from "./fake-socket.ts";

beforeEach(() => jest.useFakeTimers());
afterEach(() => {
  jest.useRealTimers();
});

const poll = (status = "open") => ({ id: "p1", streamId, kind: "poll", status, spreadSeconds: 0 });
const frameOf = (frame: number, more: object) => ({
  type: "events",
  streamId,
  epoch: "e",
  frame,
  viewers: 1,
  skipped: 0,
  events: [],
  ...more,
});
const momentEvent = (type: string, data: object) => ({ id: `${type}-1`, type, at: "", data });

test("the sums and open moments combine the subscribed message with every later frame", async () => {
  const { client, last, follow } = createTestClient();
  const received: unknown[][] = [];
  const stream = follow({ onSums: (...given: unknown[]) => received.push(given) });
  await pass(20);
  last().greet(0, { sums: { likes: 5, p1: [1, 0] }, moments: [poll()] });
  await pass(1);
  expect(stream.sums()).toEqual({ likes: 5, p1: [1, 0] });
  expect(stream.moments()).toEqual([poll()]);
  last().say(frameOf(1, { sums: { p1: [1, 2] } }));
  last().frame(2);
  last().say(
    frameOf(3, {
      sums: { g1: 0 },
      events: [momentEvent("moment.started", { id: "g1", status: "open" })],
    }),
  );
  await pass(1);
  expect(stream.sums()).toEqual({ likes: 5, p1: [1, 2], g1: 0 });
  const end = momentEvent("moment.ended", poll("ended"));
  last().say(frameOf(4, { sums: { p1: [1, 3] }, events: [end] }));
  await pass(1);
  expect(stream.sums()).toEqual({ likes: 5, g1: 0 });
  expect(stream.moments()).toEqual([{ id: "g1", status: "open" }]);
  expect(received).toHaveLength(4);
  const later = client.subscribe(streamId);
  expect(later.sums()).toEqual({ likes: 5, g1: 0 });
  client.close();
});

test("after a reconnect the sums continue, or restart from the new subscribed message", async () => {
  const { client, last, follow, sockets } = createTestClient();
  const reconnected = async (count: number) => {
    while (sockets.length < count) await pass(100);
    await pass(20);
  };
  const stream = follow();
  await pass(20);
  last().greet(0, { sums: { likes: 5 }, moments: [poll()] });
  await pass(1);
  last().drop();
  await reconnected(2);
  last().greet(1, { recovered: true });
  last().say(frameOf(1, { sums: { likes: 7 } }));
  await pass(1);
  expect(stream.sums()).toEqual({ likes: 7 });
  expect(stream.moments()).toEqual([poll()]);
  last().drop();
  await reconnected(3);
  last().greet(9, { recovered: false, sums: { likes: 20 }, moments: [] });
  await pass(1);
  expect(stream.sums()).toEqual({ likes: 20 });
  expect(stream.moments()).toEqual([]);
  client.close();
});

test("frames that are sent again for another listener do not take the sums back", async () => {
  const { client, last, follow } = createTestClient();
  const likes: unknown[] = [];
  follow({ onSums: (sums: { likes?: number }) => likes.push(sums.likes) });
  await pass(20);
  last().greet(0, { sums: { likes: 0 }, moments: [] });
  for (const n of [1, 2, 3]) last().say(frameOf(n, { sums: { likes: n } }));
  await pass(1);
  follow({ since: { epoch: "e", frame: 0 } });
  last().greet(3, { recovered: true });
  for (const n of [1, 2, 3, 4]) last().say(frameOf(n, { sums: { likes: n } }));
  await pass(1);
  expect(likes.at(-1)).toBe(4);
  expect(likes).toEqual([...likes].sort());
  client.close();
});

/** A viewer who resumes at frame 20 after a reload; `answer` responds to reads of the moments. */
async function resuming() {
  const reads: string[] = [];
  let answer: (response: Response) => void = () => {};
  const fetcher = (async (url: string) => {
    reads.push(url);
    return new Promise<Response>((done) => {
      answer = done;
    });
  }) as typeof fetch;
  const held = createTestClient({ fetch: fetcher });
  const received: unknown[][] = [];
  const stream = held.follow({
    since: { epoch: "e", frame: 20 },
    onSums: (...given: unknown[]) => received.push(given),
  });
  await pass(20);
  held.last().greet(22, { recovered: true });
  await pass(1);
  const respond = async (sums: object, list: object[]) => {
    answer(Response.json({ isSuccess: true, data: { list, sums, pageInfo: {} } }));
    await pass(1);
  };
  const refuse = async () => {
    answer(Response.json({ isSuccess: false, errors: ["No"] }, { status: 403 }));
    await pass(1);
  };
  const other = (id: string, status = "open") => ({ ...poll(status), id });
  return { ...held, stream, received, reads, respond, refuse, other };
}

test("after a reload the totals and open polls from before it are read, once the replay is over", async () => {
  const { client, last, stream, received, reads, respond, other } = await resuming();
  last().say(
    frameOf(21, { sums: { likes: 30 }, events: [momentEvent("moment.ended", poll("ended"))] }),
  );
  await pass(1);
  expect(reads).toEqual([]);
  last().frame(22);
  await pass(1);
  expect(reads).toEqual([`http://127.0.0.1:9/api/v1/live-stream/${streamId}/moments?status=open`]);
  // What arrives before the response is newer than it.
  const begun = momentEvent("moment.started", other("p3"));
  last().say(frameOf(23, { sums: { likes: 32, p3: [0, 0] }, events: [begun] }));
  await pass(1);
  await respond({ likes: 31, p1: [1, 0], p2: [4, 2] }, [other("p2"), poll()]);
  expect(stream.sums()).toEqual({ likes: 32, p2: [4, 2], p3: [0, 0] });
  expect(stream.moments()).toEqual([other("p2"), other("p3")]);
  expect(received.at(-1)).toEqual([stream.sums(), stream.moments()]);
  last().say(frameOf(24, { sums: { p2: [5, 2] } }));
  await pass(60_000);
  expect(stream.sums()).toEqual({ likes: 32, p2: [5, 2], p3: [0, 0] });
  expect(reads).toHaveLength(1);
  client.close();
});

test("a response that arrives after the log was reset is ignored", async () => {
  const { client, last, stream, reads, respond } = await resuming();
  for (const n of [21, 22]) last().frame(n);
  await pass(1);
  last().say(frameOf(1, { epoch: "b" }));
  await pass(1);
  last().greet(1, { epoch: "b", recovered: false, sums: { likes: 2 }, moments: [] });
  await pass(1);
  await respond({ likes: 31, p1: [1, 0] }, [poll()]);
  expect([stream.sums(), stream.moments(), reads.length]).toEqual([{ likes: 2 }, [], 1]);
  client.close();
});

test("if the read of totals and polls is refused, it is not repeated with each frame", async () => {
  const { client, last, sockets, notes, stream, reads, refuse } = await resuming();
  for (const n of [21, 22]) last().frame(n);
  await pass(1);
  await refuse();
  last().say(frameOf(23, { sums: { likes: 5 } }));
  await pass(5_000);
  expect([stream.sums(), reads.length, notes.errors]).toEqual([{ likes: 5 }, 1, []]);
  last().drop();
  while (sockets.length < 2) await pass(100);
  await pass(20);
  last().greet(23, { recovered: true, sums: { likes: 5, p1: [1, 0] }, moments: [poll()] });
  await pass(1);
  expect([stream.sums(), stream.moments()]).toEqual([{ likes: 5, p1: [1, 0] }, [poll()]]);
  client.close();
});

/** A server that counts at most `allowed` likes per call, and loses some responses. */
function likesServer(allowed: number, lost: readonly number[] = []) {
  const calls: { session: string; total: number }[] = [];
  let total = 0;
  const fetcher = (async (_: string, { body }: RequestInit) => {
    const asked = JSON.parse(String(body));
    calls.push(asked);
    total += Math.min(Math.max(0, asked.total - total), allowed);
    if (lost.includes(calls.length)) throw new TypeError("lost");
    return Response.json({ isSuccess: true, data: { total, next: 2 } });
  }) as unknown as typeof fetch;
  return { calls, fetcher, total: () => total };
}

test("taps are sent in batches at the server's interval, and each counts once", async () => {
  const server = likesServer(100, [2]);
  const { client } = createTestClient({ fetch: server.fetcher });
  const taps = client.taps(streamId);
  for (let n = 0; n < 5; n++) taps.tap();
  await pass(1);
  taps.tap(3);
  await pass(1_900);
  expect(server.calls.map(({ total }) => total)).toEqual([1]);
  await pass(60_000);
  expect(server.total()).toBe(8);
  expect(new Set(server.calls.map(({ session }) => session)).size).toBe(1);
  taps.tap();
  taps.close();
  taps.tap();
  await pass(60_000);
  expect(server.total()).toBe(9);
  client.close();
});

test("taps since the last call are sent at close(), and nothing later", async () => {
  const server = likesServer(100);
  const { client } = createTestClient({ fetch: server.fetcher });
  await pass(20);
  const taps = client.taps(streamId);
  taps.tap();
  await pass(1);
  taps.tap(2);
  taps.close();
  await pass(1);
  expect([server.total(), server.calls.length]).toEqual([3, 2]);
  // No timer keeps the process of a program that has ended.
  client.close();
  expect(jest.getTimerCount()).toBe(0);
  await pass(60_000);
  expect(server.calls).toHaveLength(2);
});

test("taps beyond the limit are dropped, and a stream that refuses them is asked every 30 s", async () => {
  const server = likesServer(2);
  const { client } = createTestClient({ fetch: server.fetcher });
  const taps = client.taps(streamId);
  taps.tap(10);
  await pass(60_000);
  expect(server.calls).toHaveLength(1);
  taps.tap();
  await pass(10);
  expect(server.calls.at(-1)!.total).toBe(3);
  let calls = 0;
  let isLive = false;
  const begun = likesServer(100);
  const over = createTestClient({
    fetch: (async (...given: Parameters<typeof fetch>) => {
      calls += 1;
      if (isLive) return begun.fetcher(...given);
      return Response.json({ isSuccess: false, errors: ["over"] }, { status: 409 });
    }) as unknown as typeof fetch,
  });
  const ended = over.client.taps(streamId);
  ended.tap();
  await pass(10_000);
  ended.tap();
  await pass(10_000);
  expect(calls).toBe(1);
  // It begins: what is tapped from then on counts, without what was refused.
  isLive = true;
  ended.tap();
  await pass(15_000);
  expect([calls, begun.total()]).toEqual([2, 2]);
  for (const one of [client, over.client]) one.close();
});

test("a vote is sent at a random moment within the poll's spread", async () => {
  const asked: string[] = [];
  const fetcher = (async (url: string, { body }: RequestInit) => {
    asked.push(`${url.split("/live-stream/")[1]} ${body}`);
    return Response.json({ isSuccess: true, data: { momentId: "p1", options: [1] } });
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher });
  const random = jest.spyOn(Math, "random").mockReturnValue(0.5);
  const voting = client.vote({ streamId, id: "p1", spreadSeconds: 10 }, 1);
  await pass(4_900);
  expect(asked).toEqual([]);
  await pass(200);
  expect(await voting).toEqual({ momentId: "p1", options: [1] });
  expect(asked).toEqual([`${streamId}/moments/p1/vote {"options":[1]}`]);
  random.mockRestore();
  client.close();
});

/** A client whose votes are accepted and counted. */
function createVoter() {
  let calls = 0;
  const fetcher = (async (url: string) => {
    if (url.endsWith("/vote")) calls += 1;
    return Response.json({ isSuccess: true, data: { momentId: "p1", options: [1] } });
  }) as unknown as typeof fetch;
  return { ...createTestClient({ fetch: fetcher }), calls: () => calls };
}

/**
 * Votes in a poll that ends at a time, with the longest wait, and closes the client: the call is
 * made after the first and before the second number of milliseconds.
 */
async function expectVote(
  { client, calls }: ReturnType<typeof createVoter>,
  endsAtMilliseconds: number,
  [quiet, sent]: readonly [number, number] = [3_900, 4_100],
): Promise<void> {
  const random = jest.spyOn(Math, "random").mockReturnValue(1);
  const endsAt = new Date(endsAtMilliseconds).toISOString();
  const voting = client.vote({ streamId, id: "p1", spreadSeconds: 10, endsAt }, 1);
  if (quiet > 0) await pass(quiet);
  expect(calls()).toBe(0);
  await pass(sent - quiet);
  expect(calls()).toBe(1);
  await voting;
  random.mockRestore();
  client.close();
}

const chatAt = (milliseconds: number) => ({
  id: "m1",
  type: "chat.message",
  at: new Date(milliseconds).toISOString(),
  data: {},
});

test.each([
  ["is sent two seconds before its end at the latest", 6, 3_900, 4_100],
  ["is sent at once in its last two seconds", 1.5, 0, 1],
  ["that is over by this machine's clock is sent at once", -3_600, 0, 1],
  ["waits no longer than its spread", 60, 9_900, 10_100],
])("a vote in a poll %s", async (_, leftSeconds, quiet, sent) => {
  await expectVote(createVoter(), Date.now() + leftSeconds * 1_000, [quiet, sent]);
});

test("a vote is sent before the poll's end by the server's clock, if this machine's is slow", async () => {
  const voter = createVoter();
  voter.follow();
  await pass(20);
  voter.last().greet();
  const serverNow = Date.now() + 60_000;
  voter.last().say(frameOf(1, { events: [chatAt(serverNow)] }));
  await pass(1);
  await expectVote(voter, serverNow + 6_000);
});

test.each([
  ["right", 0],
  ["a minute slow", 60_000],
])(
  "a replay of old events does not delay a vote if this machine's clock is %s",
  async (_, slow) => {
    const voter = createVoter();
    voter.follow({ since: { epoch: "e", frame: 0 } });
    await pass(20);
    voter.last().greet(1, { recovered: true });
    const serverNow = Date.now() + slow;
    voter.last().say(frameOf(1, { events: [chatAt(serverNow - 30_000)] }));
    await pass(1);
    // A slow clock is corrected as far as the replay shows, which is what this test allows for.
    const late = slow === 0 ? 0 : 30_000;
    await expectVote(voter, serverNow + 6_000 - late);
  },
);

test("the last vote in a poll is stored, whatever time each has waited or its call has taken", async () => {
  const asked: string[] = [];
  let answer = () => {};
  const fetcher = (async (_: string, { body }: RequestInit) => {
    asked.push(String(body));
    await new Promise<void>((done) => {
      answer = done;
    });
    return Response.json({ isSuccess: true, data: JSON.parse(String(body)) });
  }) as unknown as typeof fetch;
  const { client } = createTestClient({ fetch: fetcher });
  const random = jest.spyOn(Math, "random").mockReturnValueOnce(0.9).mockReturnValue(0.1);
  const slow = { streamId, id: "p1", spreadSeconds: 10 };
  const voting = [client.vote(slow, 0), client.vote(slow, 0, 1)];
  await pass(10_000);
  expect(asked).toEqual(['{"options":[0,1]}']);
  voting.push(client.vote(slow, 2));
  await pass(10_000);
  expect(asked).toHaveLength(1);
  answer();
  await pass(1);
  expect(asked).toEqual(['{"options":[0,1]}', '{"options":[2]}']);
  // The end of the first call changes nothing for those after it.
  voting.push(client.vote(slow, 1));
  await pass(10_000);
  expect(asked).toHaveLength(2);
  answer();
  await pass(1);
  expect(asked.at(-1)).toBe('{"options":[1]}');
  answer();
  expect(await Promise.all(voting)).toEqual([
    { options: [0, 1] },
    { options: [0, 1] },
    { options: [2] },
    { options: [1] },
  ]);
  random.mockRestore();
  client.close();
});
