import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import * as functions from "../../functions/index.ts";
import { type Row, rowsOf } from "../../lib/stages/route-table.ts";
import { type Contract, takesIdempotencyKey } from "../../platform/http/contract.ts";
import { callEndpoint } from "./api-call.ts";
import { meterTable } from "./call-meter.ts";
import { setClock } from "./clock.ts";
import { type ExpensiveCall, listExpensiveCalls } from "./costs/calls.ts";
import { fillTable, prepareCalls, viewer } from "./costs/world.ts";
import { everyRate, useOwnTable } from "./table.ts";

/** Stands in for a bucket and queues, which accept everything. */
const server = createServer(async (request, answer) => {
  const body = (await buffer(request)).toString();
  if (request.method === "PUT") return answer.end();
  const { MessageBody, Entries = [] } = JSON.parse(body);
  const digestOf = (text: string) => createHash("md5").update(text).digest("hex");
  const Successful = Entries.map((one: { Id: string; MessageBody: string }) => ({
    Id: one.Id,
    MessageId: one.Id,
    MD5OfMessageBody: digestOf(one.MessageBody),
  }));
  answer.setHeader("content-type", request.headers["content-type"]!);
  const single = MessageBody && { MessageId: "1", MD5OfMessageBody: digestOf(MessageBody) };
  answer.end(JSON.stringify(single ?? { Successful, Failed: [] }));
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const queue = `${endpoint}/000000000000/queue`;
useOwnTable({
  // What is counted of a rate would be a write unit of every call.
  RATES: everyRate(1_000_000, 1_000_000),
  PICTURES_BUCKET: "pictures",
  PICTURES_URL: "https://x.example.com/pictures",
  AWS_ENDPOINT_URL: endpoint,
  PURCHASES: "on",
  NOTICES_QUEUE_URL: queue,
  MOMENTS_QUEUE_URL: queue,
  ERASURES_QUEUE_URL: queue,
  DELIVERIES_QUEUE_URL: queue,
  NAME_CHANGES_PER_DAY: "5",
  WS_ENDPOINT: endpoint,
  LIVE_STREAMS_PER_USER: "1000",
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

type Spent = { read: number; write: number; kilobytes: number };
const endpoints = rowsOf("endpoint");
const handlers = new Map<string, { handler: unknown }>(Object.entries(functions));

let measure: ReturnType<typeof meterTable>;
beforeAll(async () => {
  await fillTable();
  // On a busy machine, cached values would expire and be read again.
  setClock(Date.now());
  measure = meterTable();
});

let calls: ReturnType<typeof listExpensiveCalls>;

/** The cost of a call; a POST has a key, whose marker stores the response. */
async function spend(
  row: Row<Contract>,
  { as = viewer, ...call }: ExpensiveCall,
  at: number,
): Promise<Spent> {
  const { handler } = handlers.get(row.name)!;
  const { route } = row.contract;
  const key = takesIdempotencyKey(row.contract) && { key: `key-${at}-${route}` };
  let bytes = 0;
  const { read, write } = await measure(async () => {
    const answer = await callEndpoint(handler, { as, ...call, ...key });
    if (answer.status > 299) throw new Error(`${route}: ${JSON.stringify(answer)}`);
    bytes = answer.bytes;
  });
  return { read, write, kilobytes: bytes / 1024 };
}

/** Routes whose cost is tested elsewhere. */
const elsewhere: Record<string, string> = {
  "GET /docs": "test/local/documents.test.ts: pages are made with the bundle",
  "GET /docs/events": "the same",
  "GET /docs/guides": "the same",
  "GET /{proxy+}": "reads nothing",
  "GET /api/v1/sign-in": "asks the issuer, and nothing of the table",
  "POST /api/v1/sign-in": "asks the issuer, and writes the marker of its key alone",
  "POST /api/v1/operations/parked/{id}/redrive": "settles one gift (gift-units.test.ts)",
  "POST /api/v1/webhooks/{id}/deliveries/{deliveryId}/resend":
    "reads the webhooks and one delivery",
};

test("every route is called here, or its cost is tested elsewhere", async () => {
  calls = listExpensiveCalls(await prepareCalls());
  const named = [...Object.keys(calls), ...Object.keys(elsewhere)].sort();
  expect(named).toEqual(endpoints.map(({ contract }) => contract.route).sort());
});

/*
 * Planted faults that turn this red: a page of the events without a bound of bytes, a search that
 * reads all profiles it finds, and notifications that are written whole when they are marked.
 */
test("no call costs more than its contract declares, with the fullest items", async () => {
  const excess: object[] = [];
  for (const [route, given] of Object.entries(calls))
    for (const [at, call] of [given].flat().entries()) {
      const row = endpoints.find(({ contract }) => contract.route === route)!;
      const spent = await spend(row, call, at);
      const { read = 0, write = 0, kilobytes = 0 } = row.contract.cost;
      if (spent.read > read || spent.write > write || spent.kilobytes > kilobytes)
        excess.push({ route, ...spent });
    }
  expect(excess).toEqual([]);
});
