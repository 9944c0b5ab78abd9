/** The template's alarms on a running system: each alarm on our own metrics is triggered once. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { signedCaller } from "../../bin/aws/signed-caller.ts";
import { endpointFile } from "../../local/aws/discovery-files.ts";
import { key } from "../../platform/table/keys.ts";
import {
  admin,
  call,
  eventually,
  freshId,
  giftType,
  liveStream,
  person,
  topUp,
} from "../api/people.ts";
import { createWebhooks, startReceiver } from "../api/receiver.ts";
import { callBack } from "../api/tencent-callback.ts";
import { tencent } from "../api/tencent-caller.ts";
import { type Viewer, watch } from "../api/viewer.ts";
import { type System, startSystem } from "../system.ts";

type Alarm = { name: string; description: string; state: string; values: (number | null)[] };
type Metric = { metric: { name: string }; sum: number };

let system: System;
const viewers: Viewer[] = [];

beforeAll(async () => {
  process.env.TENCENT_SECRET_KEY = freshId();
  const env = { DEMO: "off", TENCENT_SECRET_KEY: process.env.TENCENT_SECRET_KEY };
  system = await startSystem({ env });
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
});
afterAll(async () => {
  for (const { close } of viewers) close();
  await system.stop();
});
afterEach(async () => {
  await call("DELETE /local/faults");
  await call("POST /local/streams", { body: { clockSkewSeconds: [] } });
});
beforeEach(() => beginMinute("first"));

/**
 * `first` discards all metrics; after that only `next` ends minutes, so that the duration of calls
 * does not affect alarms.
 */
const beginMinute = (minute: "first" | "next") => call("POST /local/alarms", { body: { minute } });

const alarms = async (): Promise<Alarm[]> => (await call("GET /local/alarms")).body.alarms;
const shortOf = ({ name }: Alarm) => name.replace("ovation-dev: ", "");
/** The alarms triggered in the current test. */
const rung = new Set<string>();
const ringing = async () => {
  const now = (await alarms()).filter(({ state }) => state === "ALARM").map(shortOf);
  for (const name of now) rung.add(name);
  return now;
};
const sumOf = async (name: string): Promise<number> => {
  const { body } = await call("GET /local/alarms");
  return body.metrics.find((one: Metric) => one.metric.name === name)?.sum ?? 0;
};
/** Waits until these alarms are triggered. */
const rings = (...names: string[]) =>
  eventually(ringing, (found) => names.every((name) => found.includes(name)));

/** The alarms that this file's tests trigger. */
const tested = new Set<string>();

/** A test that triggers these alarms. */
function alarmTest(title: string, names: string[], act: () => Promise<void>): void {
  for (const name of names) tested.add(name);
  test(title, async () => {
    rung.clear();
    await act();
    await eventually(ringing, () => names.every((name) => rung.has(name)));
  });
}

const fault = async (body: object) =>
  expect((await call("POST /local/faults", { body })).status).toBe(201);
/** Invokes a function directly, as Cognito and schedules do. */
async function invoke(name: string, event: object): Promise<void> {
  const { url, accessKeyId, secretAccessKey, sessionToken } = endpointFile.read(system.dataDir)!;
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const lambda = signedCaller({ region: "us-east-1", credentials }, "lambda", url);
  const path = `/2015-03-31/functions/ovation-dev-${name}/invocations`;
  await lambda("POST", path, {}, JSON.stringify(event));
}
const say = (as: { token: string; id: string }, id: string) =>
  call(`POST /api/v1/live-stream/${id}/chat/messages`, { as, body: { content: freshId() } });

/** The system's table, which otherwise only the functions access. */
function openTable() {
  const { url, ...credentials } = endpointFile.read(system.dataDir)!;
  const endpoint = new DynamoDBClient({ endpoint: url, region: "us-east-1", credentials });
  return { endpoint, table: DynamoDBDocumentClient.from(endpoint) };
}

test("normal operation triggers no alarm, and is measured", async () => {
  const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
  await topUp(ann, 100);
  const viewer = await watch(ann, id);
  viewers.push(viewer);
  const giftTypeId = await giftType(10);
  await say(host, id);
  // The gift gets a frame of its own.
  await viewer.next(({ type }) => type === "events");
  const body = { giftTypeId, liveStreamId: id };
  expect((await call("POST /api/v1/gifts/create", { as: ann, body })).status).toBe(201);
  await eventually(
    () => sumOf("GiftsSettled"),
    (sum) => sum === 1,
  );
  expect(await sumOf("CreditsSettled")).toBe(10);
  await eventually(
    () => sumOf("FramesPut"),
    (sum) => sum >= 2,
  );
  await eventually(
    () => sumOf("PostsSent"),
    (sum) => sum >= 3,
  );
  expect(await ringing()).toEqual([]);
  const states = new Set((await alarms()).map(({ state }) => state));
  expect(states).toEqual(new Set(["OK", "NOT_MEASURED"]));
});

alarmTest(
  "a record that nobody can read is skipped by one reader and parked by the other",
  ["records are skipped", "records are parked", "realtime logs faults"],
  async () => {
    const { endpoint, table } = openTable();
    const Item = { PK: `STREAM#${freshId()}`, SK: `GIFT#${freshId()}#0`, kind: "gift", due: "ann" };
    await table.send(new PutCommand({ TableName: "ovation-dev", Item }));
    endpoint.destroy();
  },
);

alarmTest("a delivery that is given up", ["deliveries fail"], async () => {
  const hooks = createWebhooks();
  const gone = await startReceiver(() => 410);
  const { host, id } = await liveStream();
  await hooks.make(gone.url);
  await say(host, id);
  await rings("deliveries fail");
  await hooks.removeAll();
  await gone.stop();
});

alarmTest(
  "a delivery whose retry was lost, which is sent again",
  ["deliveries are overdue"],
  async () => {
    const hooks = createWebhooks();
    let status = 500;
    const inbox = await startReceiver(() => status);
    const { host, id } = await liveStream();
    const webhook = await hooks.make(inbox.url, ["chat.message"]);
    await say(host, id);
    const listed = async () =>
      (await call(`GET ${webhook.path}/deliveries`, { as: webhook.as })).body;
    const found = await eventually(listed, ({ data }) => data.list.length === 1);
    const { endpoint, table } = openTable();
    // As if it had been due an hour ago and its message had been lost: nothing sends it to step 5.
    await table.send(
      new UpdateCommand({
        TableName: "ovation-dev",
        Key: { PK: `DELIVERY#${webhook.id}`, SK: found.data.list[0].id },
        UpdateExpression: "SET nextAttemptAt = :at, step = :step",
        ExpressionAttributeValues: {
          ":at": new Date(Date.now() - 3_600_000).toISOString(),
          ":step": 5,
        },
      }),
    );
    endpoint.destroy();
    status = 200;
    await invoke("webhooks-requeue-overdue", {});
    await eventually(listed, ({ data }) => data.list[0].status === "delivered");
    await hooks.removeAll();
    await inbox.stop();
  },
);

alarmTest(
  "a table that does not answer the functions, those of Tencent's side, and the authorizer",
  ["http logs faults", "commands fail", "tencent logs faults", "tokens cannot be verified"],
  async () => {
    const { host, id } = await liveStream();
    const broken = { service: "dynamodb", kind: "error_before", count: 1_000 };
    await fault({ ...broken, caller: "chat-send-message" });
    expect((await say(host, id)).status).toBeGreaterThanOrEqual(500);
    await rings("http logs faults");
    await fault({ ...broken, caller: "tencent-gifts-add" });
    const gift = { GiftList: [{ GiftId: freshId().slice(0, 12), Price: 1, Name: "Rose" }] };
    expect((await tencent("add_gift", gift)).status).toBe(200);
    await rings("commands fail", "tencent logs faults");
    await fault({ ...broken, caller: "auth-http" });
    for (let n = 0; n < 5; n++)
      expect((await call("GET /api/v1/wallet", { as: await person() })).status).toBe(503);
  },
);

alarmTest(
  "posts that are lost, and posts that the gateway refuses",
  ["posts are lost"],
  async () => {
    const { host, id } = await liveStream();
    for (let n = 0; n < 25; n++) viewers.push(await watch(await person(), id));
    await fault({ service: "execute-api", kind: "throttle", count: 20 });
    // A post that ends after its batch is reported with the next batch.
    const sayAndSum = async (name: string) => {
      await say(host, id);
      return sumOf(name);
    };
    await eventually(
      () => sayAndSum("PostsLimited"),
      (sum) => sum >= 20,
    );
    await call("DELETE /local/faults");
    await fault({ service: "execute-api", kind: "error_before", count: 100_000 });
    await eventually(
      () => sayAndSum("PostsLost"),
      (sum) => sum >= 140,
    );
  },
);

alarmTest(
  "posts that the gateway refuses for three minutes, not for one",
  ["posts are limited"],
  async () => {
    const { host, id } = await liveStream();
    const watching = Array.from({ length: 40 }, async () => watch(await person(), id));
    viewers.push(...(await Promise.all(watching)));
    await fault({ service: "execute-api", kind: "throttle", count: 1_000_000 });
    const sayAndSum = async () => {
      await Promise.all([say(host, id), say(host, id)]);
      return sumOf("PostsLimited");
    };
    for (let minute = 1; minute <= 3; minute++) {
      if (minute === 2) expect(await ringing()).not.toContain("posts are limited");
      const before = await sumOf("PostsLimited");
      await eventually(sayAndSum, (sum) => sum - before >= 1_000);
      if (minute < 3) await beginMinute("next");
    }
  },
);

alarmTest(
  "a pool that cannot be asked whether an admin has a second factor",
  ["identity logs faults"],
  async () => {
    // The runner emulates no user pool.
    const request = { groupConfiguration: { groupsToOverride: ["admin"] } };
    const event = { userPoolId: "pool", userName: "ann", request };
    await invoke("auth-second-factor", event);
  },
);

alarmTest("frames that are late for three minutes, not for one", ["frames are late"], async () => {
  // As if records written now were half a minute old.
  await call("POST /local/streams", { body: { clockSkewSeconds: [-30] } });
  const { host, id } = await liveStream();
  for (let minute = 1; minute <= 3; minute++) {
    if (minute === 2) expect(await ringing()).toEqual([]);
    const before = await sumOf("FrameDelay");
    await say(host, id);
    await eventually(
      () => sumOf("FrameDelay"),
      (sum) => sum - before > 10_000,
    );
    if (minute < 3) await beginMinute("next");
  }
});

alarmTest("debts that refunds leave", ["credits are owed"], async () => {
  const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
  await topUp(ann, 20_000);
  const body = { giftTypeId: await giftType(20_000), liveStreamId: id };
  const sent = await call("POST /api/v1/gifts/create", { as: ann, body });
  const settled = async () => (await call("GET /api/v1/wallet", { as: host })).body.data.balance;
  await eventually(settled, (balance) => balance > 0);
  const out = { amount: await settled(), reference: freshId() };
  const as = await admin();
  const paid = await call(`POST /api/v1/wallets/${host.id}/payouts`, {
    as,
    key: freshId(),
    body: out,
  });
  expect(paid.status).toBe(201);
  const refund = `POST /api/v1/gifts/${sent.body.data.id}/refund`;
  expect((await call(refund, { as })).status).toBe(200);
  // A schedule does this once a minute.
  await invoke("money-measure-debts", {});
});

alarmTest(
  "a call and a callback of Tencent's side whose functions Lambda refuses: 200, to HTTP",
  ["tencent fails at the gateway", "callback fails at the gateway"],
  async () => {
    const throttled = { service: "lambda", kind: "throttle", count: 1 };
    await fault({ ...throttled, caller: "tencent-gifts-get" });
    expect((await tencent("get_gift", { GiftId: "rose" })).status).toBe(200);
    await rings("tencent fails at the gateway");
    expect(await ringing()).not.toContain("callback fails at the gateway");
    await fault({ ...throttled, caller: "tencent-callbacks-receive" });
    expect((await callBack({})).status).toBe(200);
  },
);

alarmTest("a vote that the log counted and the table does not have", ["sums differ"], async () => {
  const [{ host, id }, ann] = await Promise.all([liveStream(), person()]);
  const moments = `/api/v1/live-stream/${id}/moments`;
  const poll = { kind: "poll", title: "Which one?", options: ["a", "b"], seconds: 600 };
  const momentId = (await call(`POST ${moments}`, { as: host, body: poll })).body.data.id;
  const vote = { as: ann, body: { options: [0] } };
  expect((await call(`PUT ${moments}/${momentId}/vote`, vote)).status).toBe(200);
  await eventually(
    async () => (await call(`GET ${moments}`, { as: ann })).body.data.sums[momentId],
    (votes) => votes?.[0] === 1,
  );
  const { endpoint, table } = openTable();
  await table.send(
    new DeleteCommand({ TableName: "ovation-dev", Key: key.vote(momentId, ann.id) }),
  );
  endpoint.destroy();
  expect((await call(`POST ${moments}/${momentId}/end`, { as: host })).status).toBe(200);
});

test("every alarm measured here has a test in which it rings", async () => {
  const measured = (await alarms()).filter(({ state }) => state !== "NOT_MEASURED").map(shortOf);
  expect(measured.filter((name) => !tested.has(name))).toEqual([]);
  expect([...tested].filter((name) => !measured.includes(name))).toEqual([]);
});
