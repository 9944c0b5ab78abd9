/** Crashes between a commit and a webhook's receiver: of the system, its functions, its queues. */
import { openTable } from "../../bin/aws/table.ts";
import { listDeliveries } from "../../platform/store/webhooks/deliveries.ts";
import {
  call,
  eventually,
  freshId,
  liveStream,
  type Person,
  person,
  service,
} from "../api/people.ts";
import { createWebhooks, startReceiver } from "../api/receiver.ts";
import { freePort, startSystem } from "../system.ts";

let system: Awaited<ReturnType<typeof startSystem>>;
let port: number;
const hooks = createWebhooks();

beforeAll(async () => {
  port = await freePort();
  system = await startSystem({ port, env: { DEMO: "off" } });
  process.env.API_URL = system.url;
});
afterAll(async () => {
  expect(await system.stop()).toBe(0);
});
afterEach(() => hooks.removeAll());

const fault = (wanted: object) => call("POST /local/faults", { body: wanted });

/** Sends many messages at once; returns the ids of the acknowledged ones. */
async function say(as: Person, streamId: string, count: number): Promise<string[]> {
  const route = `POST /api/v1/live-stream/${streamId}/chat/messages`;
  const answers = await Promise.all(
    Array.from({ length: count }, () => call(route, { as, body: { content: freshId() } })),
  );
  return answers.filter(({ status }) => status === 201).map(({ body }) => body._id);
}

/** Tops a new user up several times; returns the acknowledged references. */
async function topUp(count: number): Promise<string[]> {
  const [as, { id }] = await Promise.all([service(), person()]);
  const references = Array.from({ length: count }, freshId);
  for (const reference of references) {
    const body = { amount: 1, reference };
    const route = `POST /api/v1/wallets/${id}/top-ups`;
    expect((await call(route, { as, key: reference, body })).status).toBe(201);
  }
  return references;
}

/** A crashed reader returns after growing pauses, which are long on a slow machine. */
const waitMilliseconds = 120_000;

/** Waits until each of these messages has arrived at least once. */
const allCome = (inbox: Awaited<ReturnType<typeof startReceiver>>, ids: readonly string[]) =>
  eventually(
    async () => new Set(inbox.of("chat.message").map(({ body }) => body.data._id)),
    (come) => ids.every((id) => come.has(id)),
    waitMilliseconds,
  );

/** A client's attempts per call: a fault that affects more of them fails the call. */
const clientTries = 3;

test.each([
  [
    "the queue takes no message",
    { service: "sqs", operation: "SendMessageBatch", kind: "error_before" },
  ],
  ["nobody hears that the queue took it", { service: "sqs", kind: "timeout_after_commit" }],
  ["the reader of the stream dies at once", { service: "lambda", kind: "error_before" }],
  ["it dies before its batch is checked off", { service: "lambda", kind: "error_after_commit" }],
  [
    "the webhooks cannot be read",
    { operation: "Query", keyPrefix: "WEBHOOK", kind: "error_before" },
  ],
])(
  "every event arrives although %s",
  async (_, wanted) => {
    const inbox = await startReceiver();
    try {
      const { host, id } = await liveStream();
      await hooks.make(inbox.url);
      // The reader pauses longer after each crash; a client's own attempts end soon.
      const count = "service" in wanted && wanted.service === "lambda" ? 4 : 15;
      await fault({ caller: "realtime-fan-out", count, ...wanted });
      const said = await say(host, id, 10);
      expect(said.length).toBe(10);
      await allCome(inbox, said);
      await eventually(
        async () => (await call("GET /local/faults")).body.faults,
        ([{ struck }]) => struck > clientTries,
        waitMilliseconds,
      );
    } finally {
      await call("DELETE /local/faults");
      await inbox.stop();
    }
  },
  2 * waitMilliseconds,
);

test("a deleted text is removed from its stored delivery, without another attempt", async () => {
  const inbox = await startReceiver();
  process.env.DATA_DIR = system.dataDir;
  const closeTable = await openTable();
  try {
    const { host, id } = await liveStream();
    const webhook = await hooks.make(inbox.url, ["chat.message"]);
    const [messageId] = await say(host, id, 1);
    await allCome(inbox, [messageId!]);
    const kept = async () => (await listDeliveries(webhook.id, 10))[0];
    const before = await eventually(kept, (one) => one !== undefined);
    expect(before!.body).toContain(inbox.received[0]!.body.data.content);
    await call(`DELETE /api/v1/live-stream/${id}/chat/messages/${messageId}`, { as: host });
    const after = await eventually(kept, (one) => one!.body !== before!.body);
    expect(JSON.parse(after!.body).data).toMatchObject({ content: "", deleted: true });
    expect(after).toMatchObject({ status: "delivered", attempts: 1 });
    expect(inbox.received.length).toBe(1);
  } finally {
    await closeTable();
    await inbox.stop();
  }
});

test(
  "every event arrives although the system is killed between record, queue and post",
  async () => {
    const inbox = await startReceiver();
    try {
      const { host, id } = await liveStream();
      await hooks.make(inbox.url);
      const acknowledged: string[] = [];
      for (const wait of [0, 30, 150]) {
        const [said, booked] = await Promise.all([say(host, id, 15), topUp(3)]);
        await new Promise((done) => setTimeout(done, wait));
        await system.kill();
        const { dataDir } = system;
        system = await startSystem({ port, dataDir, env: { DEMO: "off" } });
        await allCome(inbox, said);
        await eventually(
          async () => new Set(inbox.of("wallet.credited").map(({ body }) => body.data.reference)),
          (come) => booked.every((reference) => come.has(reference)),
          waitMilliseconds,
        );
        acknowledged.push(...said);
      }
      const texts = new Map(
        inbox.received.map(({ headers, text }) => [headers["webhook-id"], text]),
      );
      expect(
        new Set(inbox.of("chat.message").map(({ headers }) => headers["webhook-id"])).size,
      ).toBe(acknowledged.length);
      for (const { headers, text } of inbox.received)
        expect(text).toBe(texts.get(headers["webhook-id"]));
    } finally {
      await inbox.stop();
    }
  },
  4 * waitMilliseconds,
);
