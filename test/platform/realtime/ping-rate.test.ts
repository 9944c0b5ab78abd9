import { handler as ping } from "../../../functions/log/realtime/ping.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { connectionExpiry, putConnection } from "../../../platform/store/log/connections.ts";
import { meterTable } from "../call-meter.ts";
import { everyRate, useOwnTable } from "../table.ts";

/** As many messages at once as in prod. */
useOwnTable({ WS_ENDPOINT: "http://127.0.0.1:9", RATES: everyRate(1, 20) });

/** Pings at once of a connection with this many streams, of a new user; the reads of each. */
async function pingAtOnce(count: number, streams: number): Promise<number[]> {
  const [connectedAt, userId] = [Date.now(), `user-${streams}`];
  const place = { connectionId: `of-${userId}`, connectedAt };
  await putConnection({
    ...place,
    userId,
    tokenExpiresAt: 2e9,
    expiresAt: connectionExpiry(connectedAt),
    streams: new Set(Array.from({ length: streams }, () => newId(new Date()))),
  });
  const authorizer = { sub: userId, exp: "4000000000" };
  const requestContext = { ...place, eventType: "MESSAGE" as const, authorizer };
  const metered = meterTable();
  const reads = [];
  for (let n = 0; n < count; n++) {
    const spent = await metered(() => ping({ requestContext, body: '{"action":"ping"}' }));
    reads.push(spent.read);
  }
  return reads;
}

test("a ping of a connection with 40 streams counts as nine messages", async () => {
  const reads = await pingAtOnce(8, 40);
  // The third one uses more than is left of 20, which the next ones wait for.
  expect(reads).toEqual([81, 81, 81, 0, 0, 0, 0, 0]);
});

test("a ping of a connection with one stream counts as two messages", async () => {
  expect(await pingAtOnce(9, 1)).toEqual(Array(9).fill(3));
});
