/**
 * Outages of Ovation's dependencies: callers get 503 with `Retry-After`, nothing is left half done,
 * and service resumes by itself. The dependencies are listed in docs/runbook.md.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type Answer,
  call,
  eventually,
  expectFailure,
  freshId,
  liveStream,
  type Person,
  person,
  sentences,
  topUp,
  walletOf,
} from "../api/people.ts";
import { picture } from "../api/picture-files.ts";
import { watch } from "../api/viewer.ts";
import { sharedSystem } from "../shared.ts";
import { startSystem } from "../system.ts";

let system: Awaited<ReturnType<typeof sharedSystem>>;
beforeAll(async () => {
  system = await sharedSystem();
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
});
afterEach(async () => {
  await call("DELETE /local/faults");
  await call("POST /local/streams", { body: { pause: false } });
});

const fault = async (body: object) =>
  expect((await call("POST /local/faults", { body: { count: 100_000, ...body } })).status).toBe(
    201,
  );
/** Waits until the only fault has affected a request: otherwise the test shows nothing. */
const strikes = () =>
  eventually(
    () => call("GET /local/faults"),
    ({ body }) => body.faults[0].struck > 0,
  );
const me = (as: Person) => call("GET /api/v1/users/me", { as });
const expectUnavailable = ({ status, headers, body }: Answer) => {
  expect([status, headers.get("retry-after")]).toEqual([503, "1"]);
  expect(body.errors).toEqual(["Service temporarily unavailable"]);
};

/** Calls until everyone is served; until then every response must be temporary. */
const servedSoon = (ask: () => Promise<Answer[]>) =>
  eventually(
    async () => {
      const others = (await ask()).filter(({ status }) => status !== 200);
      others.forEach(expectUnavailable);
      return others;
    },
    (others) => others.length === 0,
  );

/** The gift of 10 credits that every system has. */
const roseId = "65a1234bcde5678f90123456";

/** The prerequisites of a gift. */
async function giving() {
  const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
  await topUp(ann, 100);
  const one = freshId();
  const give = (key = one) =>
    call("POST /api/v1/gifts/create", {
      as: ann,
      key,
      body: { giftTypeId: roseId, liveStreamId: id },
    });
  return { host, ann, id, give };
}

describe("the issuer", () => {
  test.each(["error_before", "throttle", "silence"])(
    "gives no keys (%s): 503 and no refusal; known keys serve on, and sign-in is back with it",
    async (kind) => {
      const own = await startSystem({ env: { DEMO: "off" } });
      process.env.API_URL = own.url;
      try {
        const ann = await person();
        await fault({ service: "issuer", operation: "GetKeys", kind });
        expectUnavailable(await me(ann));
        await call("DELETE /local/faults");
        // Each authorizer environment caches keys: make more concurrent calls than there are
        // environments.
        await servedSoon(() => Promise.all(Array.from({ length: 8 }, () => me(ann))));
        // The issuer is down. Users with a token do not notice unless a new environment without
        // cached keys serves them: 503, and they retry.
        await fault({ service: "issuer", kind });
        const bob = await person();
        await servedSoon(async () => [await me(bob)]);
        // On its own system, since other tests may have loaded the sign-in URL.
        expectUnavailable(await call("GET /api/v1/sign-in"));
        await call("DELETE /local/faults");
        const isBack = ({ status }: Answer) => status === 200;
        await eventually(() => call("GET /api/v1/sign-in"), isBack);
      } finally {
        process.env.API_URL = system.url;
        await own.stop();
      }
    },
  );
});

describe("the table", () => {
  test.each(["throttle", "silence"])(
    "takes no gift (%s): 503, nothing is paid, and the same key pays once afterwards",
    async (kind) => {
      const { ann, host, give } = await giving();
      await fault({ service: "dynamodb", caller: "gifts-create", kind });
      expectUnavailable(await give());
      expect(await walletOf(ann)).toMatchObject({ balance: 100 });
      await call("DELETE /local/faults");
      expect((await give()).status).toBe(201);
      expect((await give()).headers.get("idempotency-replayed")).toBe("true");
      expect(await walletOf(ann)).toMatchObject({ balance: 90 });
      await eventually(
        () => walletOf(host),
        ({ balance, pending }) => balance === 10 && pending === 0,
      );
    },
  );

  test("fails a message with a key at each of its writes: the same key sends it once, and viewers get it once", async () => {
    const { ann, id } = await giving();
    const viewer = await watch(ann, id);
    const route = `POST /api/v1/live-stream/${id}/chat/messages`;
    const writes = [
      { operation: "UpdateItem", keyPrefix: "CHAT#" },
      { operation: "PutItem", keyPrefix: "REPLAY#" },
      { operation: "PutItem", keyPrefix: `STREAM#${id}/MSG#` },
    ];
    const said: string[] = [];
    for (const kind of ["error_before", "error_after_commit", "throttle"])
      for (const write of writes) {
        const [key, content] = [freshId(), `${kind} ${write.keyPrefix}`];
        const say = () => call(route, { as: ann, key, body: { content } });
        await fault({ service: "dynamodb", caller: "send-message", kind, ...write });
        expect({ content, status: (await say()).status >= 500 }).toEqual({ content, status: true });
        await call("DELETE /local/faults");
        const again = await say();
        expect({ content, status: again.status }).toEqual({ content, status: 201 });
        expect(again.body.content).toBe(content);
        expect((await say()).text).toBe(again.text);
        said.push(content);
      }
    const history = await call(`GET ${route.slice("POST ".length)}`, { as: ann });
    const kept = history.body.messages.map(({ content }: { content: string }) => content);
    expect(kept.toReversed()).toEqual(said);
    await eventually(
      async () => viewer.events().flatMap(({ data }) => data.content ?? []),
      (texts) => texts.length >= said.length,
    );
    expect(viewer.events().flatMap(({ data }) => data.content ?? [])).toEqual(said);
    viewer.close();
  });
});

describe("the table's stream", () => {
  test("is slow: calls return at once, credits are pending, and everything is shown once later", async () => {
    const { ann, host, id, give } = await giving();
    const viewer = await watch(ann, id);
    await call("POST /local/streams", { body: { pause: true } });
    expect((await give()).status).toBe(201);
    const say = `POST /api/v1/live-stream/${id}/chat/messages`;
    for (const content of ["one", "two"])
      expect((await call(say, { as: ann, body: { content } })).status).toBe(201);
    expect(await walletOf(ann)).toMatchObject({ balance: 90 });
    expect(await walletOf(host)).toMatchObject({ balance: 0, pending: 10 });
    expect(viewer.events()).toEqual([]);
    await call("POST /local/streams", { body: { pause: false } });
    const types = () => viewer.events().map(({ type }) => type);
    await eventually(
      async () => types(),
      (all) => all.filter((type) => /^(gift\.sent|chat\.message)$/.test(type)).length >= 3,
    );
    expect(types().filter((type) => type === "gift.sent")).toHaveLength(1);
    const texts = viewer.events().flatMap(({ data }) => data.content ?? []);
    expect(texts).toEqual(["one", "two"]);
    await eventually(
      () => walletOf(host),
      ({ balance, pending }) => balance === 10 && pending === 0,
    );
    viewer.close();
  });
});

describe("the queues", () => {
  test("accept nothing: calls take effect, and the queued work follows later", async () => {
    const { ann, host, id, give } = await giving();
    const viewer = await watch(ann, id);
    await fault({ service: "sqs", kind: "error_before" });
    for (const key of [freshId(), freshId()]) expect((await give(key)).status).toBe(201);
    const { balance: received, pending } = await walletOf(host);
    expect(received + pending).toBe(20);
    await viewer.next(
      ({ type, events }) => type === "events" && /gift/.test(JSON.stringify(events)),
    );
    await strikes();
    await call("DELETE /local/faults");
    await eventually(
      () => walletOf(host),
      ({ balance, pending: left }) => balance === 20 && left === 0,
    );
    // The end of a combo is a delayed message, which arrives although no queue accepted it at
    // first.
    await eventually(
      async () => viewer.events().map(({ type }) => type),
      (types) => types.includes("combo.ended"),
    );
    viewer.close();
  });
});

describe("the gateway of the sockets", () => {
  test("answers posts with 5xx: nobody is disconnected, and every viewer gets every message in the end", async () => {
    const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
    const viewer = await watch(ann, id);
    const say = (content: string) =>
      call(`POST /api/v1/live-stream/${id}/chat/messages`, { as: host, body: { content } });
    await fault({ service: "execute-api", kind: "error_before" });
    for (const content of ["one", "two"]) expect((await say(content)).status).toBe(201);
    await strikes();
    await call("DELETE /local/faults");
    expect((await say("three")).status).toBe(201);
    await viewer.next(({ events = [] }) => /three/.test(JSON.stringify(events)));
    // A client detects the gap by the frame numbers and requests it; here over HTTP.
    const path = `GET /api/v1/live-stream/${id}/events?after=0`;
    const log = await call(path, { as: ann });
    const texts = log.body.data.frames.flatMap(
      ({ events }: { events: { data: { content?: string } }[] }) =>
        events.flatMap(({ data }) => data.content ?? []),
    );
    expect(texts).toEqual(["one", "two", "three"]);
    viewer.close();
  });
});

test("a picture whose bytes are lost, as after a restore of the table alone, is 404", async () => {
  const raw = new FormData();
  raw.set("title", "Pictured");
  raw.set("thumbnail", new Blob([picture("image/gif")]));
  const made = await call("POST /api/v1/live-stream/create", { as: await person(), raw });
  const path = new URL(made.body.data.thumbnailUrl).pathname;
  expect((await fetch(`${system.url}${path}`)).status).toBe(200);
  const id = path.split("/").at(-1)!;
  const objects = join(system.dataDir, "s3");
  const lost = readdirSync(objects, { recursive: true }).filter((one) => `${one}`.includes(id));
  for (const name of lost) rmSync(join(objects, `${name}`));
  expect(lost.length).toBeGreaterThan(0);
  expectFailure(await call(`GET ${path}`), 404, sentences[404]);
});
