import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchStandstills } from "../standstills.ts";
import { freePort, outputOf, type System, socketsOf, startSystem } from "../system.ts";
import { testHere } from "./elsewhere.ts";
import {
  type Answer,
  call,
  eventually,
  expectFailure,
  freshId,
  giftType,
  liveStream,
  person,
  sentences,
  topUp,
  walletOf,
} from "./people.ts";
import { tencent } from "./tencent-caller.ts";
import { open, refusedHandshake, watch } from "./viewer.ts";

const test = testHere("tests do not start, kill or break a deployed stage");

/** Systems of these tests, which are started, killed and restarted. */
const demo = {
  viewer: "64d15f9e2e6c8f4d5a123456",
  host: "64d15f9e2e6c8f4d5a123457",
  stream: "64d15f9e2e6c8f4d5a123000",
  room: "65a1234bcde5678f90123456",
  giftType: "65a1234bcde5678f90123456",
};

/** From here on the tests' calls go to this system. */
async function turnTo(system: System): Promise<void> {
  process.env.API_URL = system.url;
  process.env.WS_URL = await socketsOf(system.url);
}

async function started(settings: Parameters<typeof startSystem>[0]): Promise<System> {
  const system = await startSystem(settings);
  await turnTo(system);
  return system;
}

describe("a system with its data in a folder", () => {
  let dataDir: string;
  let system: System;
  // Tokens contain their issuer's port, so it stays the same.
  let port: number;
  const start = () => started({ dataDir, port, env: { LOG: "json" } });
  beforeAll(async () => {
    port = await freePort();
    dataDir = await mkdtemp(join(tmpdir(), "ovation-start-"));
    system = await start();
  });
  afterAll(async () => {
    await system.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  test("the demo data makes the reference pages' own calls work", async () => {
    const [viewer, host] = [await person({ id: demo.viewer }), await person({ id: demo.host })];
    expect((await walletOf(viewer)).balance).toBe(1_000_000);
    const me = await call("GET /api/v1/users/me", { as: viewer });
    expect(me.body.data).toMatchObject({ username: "johndoe", name: "John", surname: "Doe" });
    const gift = { giftTypeId: demo.giftType, liveStreamId: demo.room };
    expect((await call("POST /api/v1/gifts/create", { as: viewer, body: gift })).status).toBe(201);
    const chat = `/api/v1/live-stream/${demo.stream}/chat`;
    const content = "Herkese selam! Yayın çok güzel.";
    expect((await call(`POST ${chat}/messages`, { as: viewer, body: { content } })).status).toBe(
      201,
    );
    const like = await call(`POST ${chat}/superlike`, { as: viewer });
    expect(like.body).toMatchObject({ price: 10, senderSnapshot: { username: "johndoe" } });
    const note = {
      userId: demo.viewer,
      type: "system",
      category: "live_stream",
      title: "Sample title",
      message: "Sample description",
      metadata: {},
    };
    expect((await call("POST /api/v1/notifications", { as: viewer, body: note })).status).toBe(201);
    const sent = await tencent("send_gift", {
      RoomId: "room_id",
      GiftId: "gift1",
      Count: 1,
      From_Account: "user1",
      ReceiverList_Account: ["user2"],
    });
    expect(sent.body).toMatchObject({ ActionStatus: "OK", ErrorCode: 0, ErrorInfo: "" });
    await eventually(
      () => walletOf(host),
      ({ balance, pending }) => balance === 20 && pending === 0,
    );
    const [user1, user2] = [await person({ id: "user1" }), await person({ id: "user2" })];
    expect((await walletOf(user1)).balance).toBe(999_990);
    await eventually(
      () => walletOf(user2),
      ({ balance }) => balance === 10,
    );
  });

  test("the demo's moderator is a user: the host adds another, and an account is deleted", async () => {
    const [host, second] = [await person({ id: demo.host }), await person()];
    await call("GET /api/v1/users/me", { as: second });
    const route = `/api/v1/live-stream/${demo.stream}/chat-settings`;
    const { moderators } = (await call(`GET ${route}`, { as: host })).body.data;
    expect(moderators).toEqual(["moderator"]);
    const body = { moderators: [...moderators, second.id] };
    const changed = await call(`PATCH ${route}`, { as: host, body });
    expect([changed.status, changed.body.data?.moderators]).toEqual([200, body.moderators]);
    const moderator = await person({ id: "moderator" });
    expect((await call("DELETE /api/v1/users/me", { as: moderator })).status).toBe(204);
    const left = await call(`GET ${route}`, { as: host });
    expect(left.body.data.moderators).toEqual([second.id]);
  });

  test("after kill -9 during work it has everything that was acknowledged, once, and sends what is pending", async () => {
    const [stream, giftTypeId, as] = await Promise.all([liveStream(), giftType(3), person()]);
    await topUp(as, 3000);
    const route = `POST /api/v1/live-stream/${stream.id}/chat/messages`;
    const calls = Array.from({ length: 120 }, (_, at) => {
      const body = { giftTypeId, liveStreamId: stream.id };
      return at % 2 === 0
        ? { route: "POST /api/v1/gifts/create", key: freshId(), body }
        : { route, key: freshId(), body: { content: `message ${at}` } };
    });
    const acknowledged = new Map<number, Answer>();
    const waiting = calls.entries();
    const lanes = Array.from({ length: 6 }, async () => {
      for (const [at, { route, ...rest }] of waiting) {
        const answer = await call(route, { as, ...rest }).catch(() => undefined);
        if (answer?.status === 201) acknowledged.set(at, answer);
      }
    });
    await eventually(
      async () => acknowledged.size,
      (size) => size >= 40,
    );
    await system.kill();
    await Promise.all(lanes);
    expect(acknowledged.size).toBeLessThan(calls.length);

    system = await start();

    for (const [at, { route, ...rest }] of calls.entries()) {
      const answer = await call(route, { as, ...rest });
      expect([at, answer.status]).toEqual([at, 201]);
      const before = acknowledged.get(at);
      if (before === undefined) continue;
      expect(answer.text).toBe(before.text);
      expect(answer.headers.get("idempotency-replayed")).toBe("true");
    }
    expect((await walletOf(as)).balance).toBe(3000 - 60 * 3);
    await eventually(
      () => walletOf(stream.host),
      ({ balance, pending }) => balance === 180 && pending === 0,
    );
    const history = await call(`GET /api/v1/live-stream/${stream.id}/chat/messages?limit=100`, {
      as,
    });
    const contents = history.body.messages.map(({ content }: { content: string }) => content);
    expect(contents.toSorted()).toEqual(
      calls.flatMap(({ body }) => ("content" in body ? [body.content] : [])).toSorted(),
    );
    const statistics = `GET /api/v1/live-stream/${stream.id}/gift-statistics`;
    expect((await call(statistics, { as })).body.data.totalCount).toBe(60);
    const shown = new Map<string, number>();
    await eventually(
      async () => {
        shown.clear();
        for (let after = 0; ; ) {
          const events = `GET /api/v1/live-stream/${stream.id}/events?after=${after}`;
          const { frames, head } = (await call(events, { as })).body.data;
          for (const { events } of frames)
            for (const { id, type } of events)
              if (/^(gift\.sent|chat\.message)$/.test(type))
                shown.set(id, (shown.get(id) ?? 0) + 1);
          after = frames.at(-1)?.frame ?? head;
          if (after >= head) return shown.size;
        }
      },
      (size) => size === calls.length,
    );
    expect(new Set(shown.values())).toEqual(new Set([1]));
  });

  test("an audit verifies the money while it runs", async () => {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, "../../bin/ovation.ts"), "audit"],
      {
        env: { ...process.env, DATA_DIR: dataDir, NODE_OPTIONS: "" },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const output = outputOf(child.stdout, child.stderr);
    const code = await new Promise((done) => child.once("close", done));
    const text = output();
    expect({ code, text }).toEqual({ code: 0, text });
  });

  test("no token is ever logged, wherever it came from", async () => {
    const as = await person();
    const { token } = as;
    const bad = `${token}x`;
    const url = process.env.WS_URL!;
    await call("GET /api/v1/wallet", { as });
    await call("GET /api/v1/wallet", { as: { ...as, token: bad } });
    await call(`GET /api/v1/wallet?token=${token}&access_token=${token}`, { as });
    await call(`GET /nowhere?token=${token}`);
    await call("PUT /api/v1/users/me", { as, body: { name: 5, token } });
    await call("PUT /api/v1/users/me", { as, raw: `{"token":"${token}"` });
    await call("GET /api/v1/wallet", { headers: { cookie: token, "x-token": token } });
    (await open(`${url}?token=${token}`)).close();
    (await open(url, ["bearer", token])).close();
    await refusedHandshake(`${url}?token=${bad}`);
    await refusedHandshake(url, ["bearer", bad]);
    // The log has routes without paths, so the last call is recognized by one more line of its
    // kind.
    const countNowhere = () => system.output().split('"path":"/{proxy+}"').length;
    const before = countNowhere();
    await call("GET /last");
    await eventually(
      async () => countNowhere(),
      (count) => count > before,
    );
    for (const part of token.split(".")) expect(system.output()).not.toContain(part);
    expect(system.output()).not.toContain("eyJ");
    const lines = system.output().trim().split("\n").slice(-20);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ timestamp: expect.any(String) });
  });

  test("an internal fault is a 500 that reveals nothing", async () => {
    const [as, { id }] = await Promise.all([person(), liveStream()]);
    await call("GET /api/v1/users/me", { as });
    const fault = {
      caller: "streams-get",
      service: "dynamodb",
      operation: "GetItem",
      kind: "error_before",
      count: 50,
    };
    expect((await call("POST /local/faults", { body: fault })).status).toBe(201);
    const bad = await call("POST /local/faults", { body: { kind: "none" } });
    expectFailure(bad, 400, sentences[400]);
    const answer = await call(`GET /api/v1/live-stream/${id}`, { as });
    await call("DELETE /local/faults");
    expectFailure(answer, 500, "Internal server error");
    expect(answer.body.errors).toEqual(["Internal server error"]);
    expect(answer.headers.get("x-request-id")).toBeTruthy();
    expect((await call(`GET /api/v1/live-stream/${id}`, { as })).status).toBe(200);
  });

  test("SIGTERM ends it with 0 within 5 s, whatever is open; the next start has all data", async () => {
    const [as, { id }] = await Promise.all([person(), liveStream()]);
    await topUp(as, 5);
    await watch(as, id);
    const polling = call(`GET /api/v1/live-stream/${id}/events?wait=20`, { as }).catch(String);
    const keepCalling = async () => {
      for (;;) await call("GET /api/v1/wallet", { as });
    };
    const busy = keepCalling().catch(String);
    await new Promise((done) => setTimeout(done, 300));
    const runningOf = watchStandstills();
    const began = Date.now();
    expect(await system.stop()).toBe(0);
    expect(runningOf(Date.now() - began)).toBeLessThan(5000);
    await Promise.all([polling, busy]);
    expect(system.output()).not.toContain("AWS endpoint failed");
    system = await start();
    expect((await walletOf(as)).balance).toBe(5);
    expect((await call(`GET /api/v1/live-stream/${id}`, { as })).body.data.status).toBe("active");
  });
});

test("with DEMO=off and data in memory there is no demo data, and nothing is stored", async () => {
  const system = await started({ dataDir: ":memory:", env: { DEMO: "off" } });
  try {
    const as = await person();
    const stream = await call(`GET /api/v1/live-stream/${demo.stream}`, { as });
    expectFailure(stream, 404, sentences[404]);
    const demoUser = await call("GET /api/v1/users/profile/username/johndoe");
    expectFailure(demoUser, 404, sentences[404]);
    expect((await call("GET /api/v1/live-stream", { as })).body.data).toEqual([]);
    expect((await call("GET /api/v1/gifts/gift-types", { as })).body.data).toEqual([]);
    await liveStream();
    expect((await call("GET /api/v1/live-stream", { as })).body.data).toHaveLength(1);
  } finally {
    expect(await system.stop()).toBe(0);
  }
  expect(await readdir(join(import.meta.dirname, "../.."))).not.toContain(":memory:");
});
