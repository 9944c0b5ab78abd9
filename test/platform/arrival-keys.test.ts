import { beforeEach, expect, test } from "@jest/globals";
import { handler as connect } from "../../functions/log/realtime/connect.ts";
import { handler as ban } from "../../functions/streams/bans/create.ts";
import { handler as lift } from "../../functions/streams/bans/lift.ts";
import { handler as listMessages } from "../../functions/streams/chat/list-messages.ts";
import { handler as getStreamCall } from "../../functions/streams/get.ts";
import { handler as join } from "../../functions/streams/join.ts";
import { contextOf } from "../../platform/auth/caller.ts";
import { findSubscriber } from "../../platform/store/log/subscribers.ts";
import { refundPass } from "../../platform/store/money/passes.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { getStream } from "../../platform/store/streams/streams.ts";
import { key } from "../../platform/table/keys.ts";
import { callEndpoint } from "./api-call.ts";
import { meterKeys } from "./key-meter.ts";
import { useOwnTable } from "./table.ts";
import { buyOne, forget, makeStream, makeUser, someone } from "./wallet-people.ts";

/*
 * Hundreds may come to one stream in a second, and its key and that of its host's channel carry
 * 3,000 read units each. `npm run bench:scale -- arrivals` shows the second.
 */

useOwnTable({ WS_ENDPOINT: "http://127.0.0.1:9", SOCKETS_PER_USER: "10", ORIGINS: "*" });

let host: string;
let streamId: string;
beforeEach(async () => {
  host = await makeUser(someone("host"));
  ({ id: streamId } = await makeStream(host));
});

let connections = 0;

/** Opens a socket with a new user's token and the stream in its URL: 200 or a refusal's code. */
async function open(userId: string, more: object = {}, at = streamId) {
  const [connectionId, now] = [`connection-${++connections}`, Date.now()];
  const seconds = Math.floor(now / 1000);
  const token = { expiresAt: seconds + 24 * 3600, issuedAt: seconds, tokenId: `t${connections}` };
  const claims = { given_name: "New" };
  const authorizer = contextOf({ userId, roles: [], claims, ...token, ...more });
  const requestContext = { connectionId, eventType: "CONNECT", connectedAt: now, authorizer };
  const { statusCode } = await connect({
    requestContext,
    queryStringParameters: { streamId: at },
  } as never);
  expect(statusCode).toBe(200);
  const { refusal } = (await findSubscriber(at, connectionId))!;
  return refusal === undefined ? 200 : "code" in refusal ? refusal.code : refusal;
}

/** What a viewer's page is answered: the stream, its join and its chat, and the socket. */
async function arrive(as: string, at = streamId) {
  const answerOf = async (handler: unknown, given: object) => {
    const { status, headers } = await callEndpoint(handler, { as, ...given });
    return status < 300 ? status : (headers as Record<string, string>)["x-error-code"];
  };
  return [
    await answerOf(getStreamCall, { path: { streamId: at } }),
    await answerOf(join, { body: { liveStreamId: at } }),
    await answerOf(listMessages, { path: { streamId: at }, query: {} }),
    await open(as, {}, at),
  ];
}

const viewers = Array.from({ length: 20 }, (_, n) => `viewer-${n}`);

test("viewers who arrive read the stream's item, and nothing of their own, from the stream's partition", async () => {
  await arrive("first");
  const units = meterKeys();
  for (const viewer of viewers) expect(await arrive(viewer)).toEqual([200, 200, 200, 200]);
  // The history's read may be a little older than the call, which takes half a unit.
  expect(units.get(key.stream(streamId).PK)! / viewers.length).toBeCloseTo(3.5);
  expect(units.get(key.channel(host).PK)! / viewers.length).toBeCloseTo(4);
});

test.each(["stream", "channel"])(
  "a block from the %s holds at once, until it is lifted",
  async (scope) => {
    await makeUser("ann");
    expect(await arrive("ann")).toEqual([200, 200, 200, 200]);
    const body = { targetUserId: "ann", liveStreamId: streamId, scope, actionType: "BLOCK" };
    const { body: made } = await callEndpoint(ban, { as: host, body });
    const blocked = "member_blocked";
    expect(await arrive("ann")).toEqual([blocked, blocked, blocked, blocked]);
    expect(await arrive("ben")).toEqual([200, 200, 200, 200]);
    const { _id: id } = made.data as { _id: string };
    await callEndpoint(lift, { as: host, path: { id }, key: "lift" });
    expect(await arrive("ann")).toEqual([200, 200, 200, 200]);
  },
);

test("a paid stream's content is for users with a pass, as long as they have it", async () => {
  const ann = await makeUser(someone("ann"), 100);
  const { id: paid } = await makeStream(host, { price: 30 });
  const inside = async () => {
    const { status } = await callEndpoint(listMessages, {
      as: ann,
      path: { streamId: paid },
      query: {},
    });
    return [status, await open(ann, {}, paid)];
  };
  expect(await inside()).toEqual([403, "pass_required"]);
  await buyOne(await getStream(paid), ann);
  expect(await inside()).toEqual([200, 200]);
  await refundPass({ streamId: paid, userId: ann, adminId: "admin" }, new Date(), forget);
  expect(await inside()).toEqual([403, "pass_required"]);
});

test("a user who only opens a socket gets a profile; a ticket's user already has one", async () => {
  const [byToken, byTicket] = [someone("token"), someone("ticket")];
  await open(byToken);
  await open(byTicket, { isByTicket: true });
  expect(await findProfile(byToken)).toMatchObject({ name: "New" });
  expect(await findProfile(byTicket)).toBeUndefined();
});
