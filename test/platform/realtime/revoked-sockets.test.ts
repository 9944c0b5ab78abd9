import { marshall } from "@aws-sdk/util-dynamodb";
import { jest } from "@jest/globals";
import type { DynamoDBRecord } from "aws-lambda";
import { overlayHolder } from "../../../domain/id.ts";
import { handler as connect } from "../../../functions/log/realtime/connect.ts";
import { revoke } from "../../../platform/auth/revocations.ts";
import { perMessage } from "../../../platform/lambda/consumer.ts";
import type { Poster, PostResult } from "../../../platform/push/gateway.ts";
import {
  closeRevokedSockets,
  queueSocketRevocation,
  queueSocketRevocations,
  SocketRevocation,
} from "../../../platform/realtime/revoked-sockets.ts";
import {
  connectionExpiry,
  findConnection,
  listSockets,
  listTokenSockets,
  putConnection,
  putSocket,
  removeSockets,
} from "../../../platform/store/log/connections.ts";
import { findProfile } from "../../../platform/store/people/users.ts";
import {
  findOverlayKey,
  recordOverlayKey,
  removeOverlayKey,
} from "../../../platform/store/streams/overlay-keys.ts";
import { putItem } from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { passQuickly } from "../clock.ts";
import { atEachRequest } from "../interleaving.ts";
import { posterWith } from "../push/posters.ts";
import { useQueue } from "../queue-double.ts";
import { useOwnTable } from "../table.ts";
import { forget, makeStream, makeUser } from "../wallet-people.ts";

useOwnTable({
  WS_ENDPOINT: "http://127.0.0.1:9",
  SOCKETS_PER_USER: "10",
  SOCKET_MESSAGES_PER_SECOND: "10",
});
const queue = useQueue("MOMENTS_QUEUE_URL");

let made = 0;

/** A stream's key, just made, and whose sockets are its. */
async function makeKey(streamId: string) {
  const id = (++made).toString(16).padStart(24, "0");
  const createdAt = new Date().toISOString();
  const key = { id, streamId, description: null, createdBy: "host", createdAt, hash: "h" };
  await recordOverlayKey({ streamId: key.streamId! }, key, forget(undefined));
  return { id, holder: overlayHolder(id) };
}

/** A handshake that the authorizer has let in: with a key, or with a user's token. */
function runHandshake(streamId: string, sub: string, connectionId: string, context: object = {}) {
  const connectedAt = Date.now();
  const exp = String(Math.floor(connectedAt / 1000) + 24 * 3600);
  const authorizer = { sub, exp, stream: streamId, ...context };
  const requestContext = { connectionId, eventType: "CONNECT", connectedAt, authorizer };
  return connect({ requestContext, queryStringParameters: { streamId } } as never);
}

/** Sockets of a holder as the table has them, `ageSeconds` old. */
async function openSockets(holder: string, names: readonly string[], ageSeconds = 600) {
  const connectedAt = Date.now() - ageSeconds * 1000;
  for (const connectionId of names) {
    const own = { connectionId, connectedAt, expiresAt: connectionExpiry(connectedAt) };
    await putSocket(holder, own);
    await putConnection({ ...own, userId: holder, tokenExpiresAt: 2e9 });
  }
}

/** Reads the message as `realtime/expire` does; whether it is to come again. */
async function end(poster: Poster, holder: string): Promise<boolean> {
  const body = JSON.stringify({ holder, withdrawn: "overlay_key" });
  const read = perMessage(SocketRevocation, (message, now) =>
    closeRevokedSockets(poster, message, now),
  );
  const again = await passQuickly(() => read([{ messageId: "m", body }], new Date()));
  return again.length > 0;
}
afterEach(() => void jest.useRealTimers());

const countSockets = async (holder: string) => (await listSockets(holder, new Date())).length;

test("a key that is revoked at any moment of a handshake lets no socket in that is not found", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  await atEachRequest(async () => {
    const { id, holder } = await makeKey(streamId);
    let found: number | undefined;
    let status: number | undefined;
    return {
      async act() {
        ({ statusCode: status } = await runHandshake(streamId, holder, `race-${id}`));
      },
      async meanwhile() {
        await removeOverlayKey({ streamId }, id);
        found = await countSockets(holder);
      },
      async check() {
        // An admitted socket was listed before its key was checked: the revocation closes it.
        if (status === 200) expect(found).toBe(1);
        else expect([status, await countSockets(holder)]).toEqual([401, 0]);
        expect((await findConnection(`race-${id}`)) !== undefined).toBe(status === 200);
      },
    };
  });
});

test("a handshake whose key was revoked after the authorizer is 401 and leaves nothing", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  const { id, holder } = await makeKey(streamId);
  expect((await runHandshake(streamId, holder, "before")).statusCode).toBe(200);
  expect(await removeOverlayKey({ streamId }, id)).toBe(true);
  expect(await removeOverlayKey({ streamId }, id)).toBe(false);
  expect(await findOverlayKey({ streamId }, id)).toBeUndefined();
  expect((await runHandshake(streamId, holder, "after")).statusCode).toBe(401);
  expect((await listSockets(holder, new Date())).map((one) => one.connectionId)).toEqual([
    "before",
  ]);
  expect(await findConnection("after")).toBeUndefined();
});

test("a handshake with a revoked token does not bring back the profile of a deleted user", async () => {
  const { id: streamId } = await makeStream(await makeUser("host"));
  const now = new Date();
  const [at, iat] = [now.toISOString(), String(Math.floor(now.getTime() / 1000))];
  await revoke({ id: "r1", sub: "gone", issuedBefore: at, at }, now);
  const statusOf = async (sub: string) =>
    (await runHandshake(streamId, sub, `of-${sub}`, { iat })).statusCode;
  expect([await statusOf("gone"), await statusOf("fresh")]).toEqual([401, 200]);
  expect(await findProfile("gone", { consistent: true })).toBeUndefined();
  expect(await findProfile("fresh", { consistent: true })).toMatchObject({ userId: "fresh" });
});

test("all sockets of a token or key are closed; one that cannot be causes a redelivery", async () => {
  const holder = overlayHolder("1".repeat(24));
  await openSockets(holder, ["a", "b", "c"]);
  const asked: string[] = [];
  let stubborn: PostResult = "lost";
  const poster = posterWith({
    async post(connectionId, { bytes }) {
      asked.push(`${connectionId} ${JSON.parse(bytes.toString()).code}`);
      return "sent";
    },
    close: async (connectionId) => (connectionId === "b" ? stubborn : "sent"),
  });
  expect(await end(poster, holder)).toBe(true);
  expect(asked.sort()).toEqual(["a 4504", "b 4504", "c 4504"]);
  expect((await listSockets(holder, new Date())).map((one) => one.connectionId)).toEqual(["b"]);
  stubborn = "sent";
  expect(await end(poster, holder)).toBe(false);
  expect(await countSockets(holder)).toBe(0);
  expect(await findConnection("b")).toBeUndefined();
});

test("a sign-out closes the sockets of tokens up to its second, and no later ones", async () => {
  const second = 1_800_000_000;
  const connectedAt = Date.now() - 600_000;
  const times = { connectedAt, expiresAt: connectionExpiry(connectedAt) };
  for (const issuedAt of [second - 1, second, second + 0.9, second + 1])
    await putSocket("leaver", { connectionId: `at-${issuedAt}`, issuedAt, ...times });
  const revocation = { withdrawn: "session", holder: "leaver", issuedBefore: second } as const;
  await passQuickly(() => closeRevokedSockets(posterWith({}), revocation, new Date()));
  const left = await listSockets("leaver", new Date());
  expect(left.map(({ connectionId }) => connectionId)).toEqual([`at-${second + 1}`]);
});

test("the record of a revocation queues it when the call's own message has closed the sockets", async () => {
  const removed = { ...key.overlayKey("s", "4".repeat(24)), id: "4".repeat(24) };
  const record = { eventName: "REMOVE", dynamodb: { OldImage: marshall(removed) } };
  // A revocation that expires revokes nothing more.
  const expired = { ...key.revokedUser("ann"), second: 1 };
  const ended = { eventName: "REMOVE", dynamodb: { OldImage: marshall(expired) } };
  const message = { withdrawn: "overlay_key", holder: overlayHolder("4".repeat(24)) } as const;
  const now = new Date();
  await queueSocketRevocation(message, now);
  await queueSocketRevocations([record, ended] as DynamoDBRecord[], now);
  const taken = queue.take();
  expect(taken.map(({ body }) => JSON.parse(body))).toEqual([message, message]);
  // Sockets have a second between `closing` and their end, and all have 10 s.
  expect(taken.map(({ delaySeconds }) => delaySeconds)).toEqual([0, 3]);
});

test("a socket is forgotten even if its connection's item is missing", async () => {
  const holder = overlayHolder("5".repeat(24));
  const connectedAt = Date.now() - 600_000;
  const times = { connectedAt, expiresAt: connectionExpiry(connectedAt) };
  await putSocket(holder, { connectionId: "alone", ...times });
  expect(await end(posterWith({}), holder)).toBe(false);
  expect(await countSockets(holder)).toBe(0);
});

test("the closing of a token's sockets also removes those that an earlier release left", async () => {
  const connectedAt = Date.now() - 600_000;
  const left = { connectionId: "left", connectedAt, expiresAt: connectionExpiry(connectedAt) };
  const tokenHash = "hash";
  await putItem({ ...key.tokenSocket(tokenHash, "left"), ...left, userId: "ann" });
  const poster = posterWith({ post: async () => "gone" });
  await closeRevokedSockets(poster, { withdrawn: "session", tokenHash }, new Date());
  expect(await listTokenSockets(tokenHash, new Date())).toEqual([]);
});

test("a socket that is just opening is closed once it is open", async () => {
  const holder = overlayHolder("2".repeat(24));
  await openSockets(holder, ["young"], 0);
  const opensAt = Date.now() + 1_200;
  const told: string[] = [];
  const poster = posterWith({
    async post() {
      if (Date.now() < opensAt) return "gone";
      told.push("closing");
      return "sent";
    },
    async close() {
      told.push("closed");
      return "sent";
    },
  });
  expect(await end(poster, holder)).toBe(false);
  expect(told).toEqual(["closing", "closed"]);
});

test("a socket that its handshake or its client has removed is not waited for", async () => {
  const holder = overlayHolder("3".repeat(24));
  await openSockets(holder, ["left"], 0);
  const poster = posterWith({
    async post(connectionId) {
      await removeSockets([{ userId: holder, connectionId }]);
      return "gone";
    },
  });
  expect(await end(poster, holder)).toBe(false);
});
