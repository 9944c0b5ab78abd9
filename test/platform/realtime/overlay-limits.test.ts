/** Limits of sockets with overlay keys: a user has many keys, and must not have many limits. */
import { jest } from "@jest/globals";
import type { APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import { overlayHolder } from "../../../domain/id.ts";
import { handler as connect } from "../../../functions/log/realtime/connect.ts";
import { handler as disconnect } from "../../../functions/log/realtime/disconnect.ts";
import type { handler as ping } from "../../../functions/log/realtime/ping.ts";
import { handler as authorize } from "../../../functions/people/auth/socket.ts";
import { handler as createChannelKey } from "../../../functions/streams/channel/create-overlay-key.ts";
import { handler as createKey } from "../../../functions/streams/overlays/create.ts";
import { countRefusedMessage } from "../../../platform/realtime/rate-limit.ts";
import { takeResumeFrames } from "../../../platform/store/log/resume-budget.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { callEndpoint } from "../api-call.ts";
import { setClock } from "../clock.ts";
import { useQueue } from "../queue-double.ts";
import { everyRate, useOwnTable } from "../table.ts";
import { makeStream, makeUser, someone } from "../wallet-people.ts";

const socketsMax = 3;
useOwnTable({
  WS_ENDPOINT: "http://127.0.0.1:9",
  SOCKETS_PER_USER: `${socketsMax}`,
  RATES: everyRate(1, 40),
});
useQueue("MOMENTS_QUEUE_URL");

let opened = 0;

/** A host with overlay keys of two streams and of the channel, as queries of handshakes. */
async function makeKeys(each: number) {
  const host = await makeUser(someone("host"));
  const streams = await Promise.all([makeStream(host), makeStream(host)]);
  const queries: Record<string, string>[] = [];
  for (let n = 0; n < each; n++)
    for (const { id: streamId } of streams) {
      const { body } = await callEndpoint(createKey, { as: host, path: { streamId }, body: {} });
      queries.push({ streamId, key: (body as { data: { key: string } }).data.key });
    }
  const { body } = await callEndpoint(createChannelKey, { as: host, body: {} });
  queries.push({ channel: host, key: (body as { data: { key: string } }).data.key });
  return { host, queries };
}

/** A handshake with a key: its status, and the context of the socket's events. */
async function open(queryStringParameters: Record<string, string>) {
  const asked = { methodArn: "a:b:c:d:e:f/g/h", headers: {}, queryStringParameters };
  const { context } = await authorize(asked as unknown as APIGatewayRequestAuthorizerEvent);
  const place = { connectionId: `c-${++opened}`, connectedAt: Date.now(), authorizer: context };
  const tell = async (handler: typeof ping, eventType: string, more = {}) =>
    await handler({ requestContext: { ...place, eventType }, ...more } as never);
  const { statusCode } = await tell(connect, "CONNECT", { queryStringParameters });
  return { ...place, context, statusCode, tell };
}

test("all overlay keys of a host together open as many sockets as four of them", async () => {
  const { queries } = await makeKeys(4);
  const sockets = [];
  for (let n = 0; n < socketsMax; n++) for (const query of queries) sockets.push(await open(query));
  const admitted = sockets.filter(({ statusCode }) => statusCode === 200);
  expect(admitted).toHaveLength(4 * socketsMax);
  const [first] = admitted as [(typeof sockets)[0]];
  await first.tell(disconnect, "DISCONNECT");
  expect((await open(queries[1]!)).statusCode).toBe(200);
});

test("one overlay key opens as many sockets as a user, and leaves room for the others", async () => {
  const { queries } = await makeKeys(1);
  const [own, other] = queries as [Record<string, string>, Record<string, string>];
  const statuses = [];
  for (let n = 0; n < 5; n++) statuses.push((await open(own)).statusCode);
  expect(statuses).toEqual([200, 200, 200, 429, 429]);
  expect((await open(other)).statusCode).toBe(200);
});

test("handshakes with all overlay keys of a host are counted together, those of another host not", async () => {
  const { queries } = await makeKeys(2);
  // The rate refills by one a second, which a slow machine would reach meanwhile.
  setClock(Date.now());
  const statuses: number[] = [];
  for (let n = 0; n < 50; n++) {
    const { statusCode, tell } = await open(queries[n % queries.length]!);
    statuses.push(statusCode);
    if (statusCode === 200) await tell(disconnect, "DISCONNECT");
  }
  expect(statuses.slice(0, 40)).toEqual(Array(40).fill(200));
  expect(statuses.slice(45)).toEqual(Array(5).fill(429));
  const { queries: others } = await makeKeys(1);
  expect((await open(others[0]!)).statusCode).toBe(200);
  jest.useRealTimers();
});

test("an overlay's socket is closed after 250 limited messages in a minute", async () => {
  const begin = Date.now();
  const words: string[] = [];
  const overlay = { userId: overlayHolder("a") };
  for (let n = 0; n < 300; n++)
    words.push(await countRefusedMessage("flood", new Date(begin + n * 20), overlay));
  expect(words.indexOf("close")).toBeGreaterThanOrEqual(249);
  expect(words.indexOf("close")).toBeLessThan(270);
});

test("frames that a host's overlays have missed share one budget", async () => {
  const { host, queries } = await makeKeys(1);
  const { connectionId } = await open(queries[0]!);
  const subscriber = await findSubscriber(queries[0]!.streamId!, connectionId);
  expect(subscriber?.countedAs).toBe(`overlays:${host}`);
  expect(await takeResumeFrames(subscriber!.countedAs!, 5, new Date())).toBe(5);
});
