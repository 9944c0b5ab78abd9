import {
  type Answer,
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  type Person,
  person,
  say,
  sentences,
} from "./people.ts";
import { type Message, watch } from "./viewer.ts";

const read = (as: Person, id: string, query = "") =>
  call(`GET /api/v1/live-stream/${id}/events${query}`, { as });
const framesIn = ({ body }: Answer): Message[] => body.data.frames;
const linesIn = (answer: Answer) =>
  framesIn(answer).flatMap(({ events }) => events.map(({ data }: Message) => data.content));

/** Creates one frame per line; returns the number of the last. */
async function tell(id: string, host: Person, lines: readonly string[]): Promise<number> {
  const heard = await watch(host, id);
  for (const line of lines) {
    await say(id, host, line);
    // A frame is in the log before it is posted.
    await heard.next(({ events }) => events?.some(({ data }: Message) => data.content === line));
  }
  heard.close();
  return heard.messages.at(-1).frame;
}

test("HTTP returns the same frames as the sockets, and none for an unknown position", async () => {
  const { id, host } = await liveStream();
  const as = await person();
  const witness = await watch(as, id);
  const { epoch, head: begin } = witness.messages[0];
  const head = await tell(id, host, ["a", "b", "c"]);
  // A frame is in the log before it is posted.
  const seen = await eventually(
    async () => witness.messages.filter(({ type }) => type === "events"),
    (frames) => frames.at(-1)?.frame === head,
  );
  const all = await read(as, id, `?epoch=${epoch}&after=${begin}`);
  expect(Object.keys(all.body.data)).toEqual(["epoch", "head", "recovered", "frames"]);
  expect(all.body.data).toMatchObject({ epoch, head, recovered: true });
  expect(JSON.stringify(framesIn(all))).toBe(JSON.stringify(seen));
  expect(all.headers.get("cache-control")).toBe("no-store");
  expect(framesIn(await read(as, id, "?after=0")).map(({ frame }) => frame)).toEqual(
    Array.from({ length: head }, (_, n) => n + 1),
  );
  for (const [query, recovered] of [
    ["", true],
    [`?after=${head}`, true],
    [`?after=${head + 1}`, false],
    ["?after=999999999", false],
    [`?epoch=${epoch}x`, false],
    [`?epoch=other&after=0`, false],
    [`?epoch=${epoch}`, true],
  ] as const) {
    const { data } = (await read(as, id, query)).body;
    const shown = { sums: { likes: 0 }, moments: [] };
    const wanted = { epoch, head, recovered, frames: [], ...shown };
    expect({ query, data }).toEqual({ query, data: wanted });
  }
  witness.close();
});

test("a long poll returns as soon as there is a frame, or when its time is over", async () => {
  const { id, host } = await liveStream();
  const head = await tell(id, host, ["a"]);
  const started = Date.now();
  const waiting = Promise.all([1, 2].map(() => read(host, id, `?after=${head}&wait=20`)));
  setTimeout(() => void say(id, host, "b"), 500);
  for (const answer of await waiting) {
    expect(linesIn(answer)).toEqual(["b"]);
    expect(answer.body.data).toMatchObject({ recovered: true, head: head + 1 });
  }
  expect(Date.now() - started).toBeLessThan(15_000);
  const again = Date.now();
  const none = await read(host, id, `?after=${head + 1}&wait=2`);
  expect(none.body.data).toMatchObject({ recovered: true, frames: [], head: head + 1 });
  expect(Date.now() - again).toBeGreaterThan(1_990);
});

test("a user blocked during a long poll gets 403 and no event after the block", async () => {
  const [{ id, host }, target] = await Promise.all([liveStream(), person()]);
  const head = await tell(id, host, ["a"]);
  await read(target, id);
  const waiting = read(target, id, `?after=${head}&wait=10`);
  await new Promise((done) => setTimeout(done, 500));
  const body = { targetUserId: target.id, liveStreamId: id };
  expect((await call("POST /api/v1/live-stream-ban", { as: host, body })).status).toBe(200);
  expectFailure(await waiting, 403, sentences[403]);
});

test("a response has at most 100 frames, and caches keep no text that is deleted later", async () => {
  const { id, host } = await liveStream();
  const lines = Array.from({ length: 101 }, (_, n) => `${n}`);
  const head = await tell(id, host, lines);
  expect(head).toBeGreaterThan(100);
  const full = await read(host, id, "?after=0");
  expect(framesIn(full).map(({ frame }) => frame)).toEqual(
    Array.from({ length: 100 }, (_, n) => n + 1),
  );
  expect(full.headers.get("cache-control")).toBe("no-store");
  const rest = await read(host, id, "?after=100");
  expect(linesIn(full).concat(linesIn(rest)).filter(Boolean)).toEqual(lines);
  expect(rest.headers.get("cache-control")).toBe("no-store");
});

test("invalid positions and waits are 400, unknown streams 404, anonymous callers 401", async () => {
  const { id, host } = await liveStream();
  for (const query of [
    ...["?after=-1", "?after=1.5", "?after=x", "?after=", "?after=1e3", "?after=99999999999999999"],
    ...["?wait=21", "?wait=-1", "?wait=x", "?epoch=", "?epoch=a%20b", `?epoch=${"e".repeat(33)}`],
    ...["?after=1&after=2", "?wait=1&wait=1"],
  ])
    expectFailure(await read(host, id, query), 400, sentences[400]);
  expectFailure(await read(host, freshId()), 404, sentences[404]);
  expectFailure(await call(`GET /api/v1/live-stream/${id}/events`), 401, sentences[401]);
});
