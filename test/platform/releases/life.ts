/** What happens in a stage: one version handles the calls. */
import { randomBytes } from "node:crypto";
import type { Role } from "../../../platform/auth/caller.ts";
import { key } from "../../../platform/table/keys.ts";
import { callEndpoint } from "../api-call.ts";
import { callCommand } from "../tencent/stage.ts";
import { claim, type Version } from "./world.ts";

type Call = Omit<Parameters<typeof callEndpoint>[1], "as" | "roles"> & { roles?: readonly Role[] };
type Body = { _id: string; data: { id: string; _id: string; ticket: string } };

/** Calls a function of a version, which must succeed; returns the body of its response. */
export async function ask(
  version: Version,
  name: string,
  as: string,
  call: Call = {},
): Promise<Body> {
  const { contract } = version.of<{ contract: { route: string } }>(`functions/${name}`);
  const key = contract.route.startsWith("POST") && { key: fresh("key") };
  const answer = await callEndpoint(version.handler(name), { as, ...key, ...call });
  if (answer.status > 299) throw new Error(`${version.name} ${name}: ${JSON.stringify(answer)}`);
  return answer.body as Body;
}

/** Calls a command of Tencent's API, which must succeed, without its limit of calls per second. */
export async function command(version: Version, name: string, body: object): Promise<object> {
  const { contract } = version.of<{ contract: { command: string } }>(`functions/tencent/${name}`);
  const { deleteItem } =
    version.of<typeof import("../../../platform/table/items.ts")>("table/items");
  await deleteItem(key.commandRate(1400000001, contract.command.split("/")[1]!));
  const { body: told } = await callCommand(version.handler(`tencent/${name}`) as never, { body });
  if (told.ErrorCode !== 0) throw new Error(`${version.name} ${name}: ${JSON.stringify(told)}`);
  return told;
}

/** Opens a connection of a user. */
const connect = (version: Version, as: string, connectionId: string, query: object) =>
  socket(version, "realtime/connect", "CONNECT", as, connectionId, {
    queryStringParameters: query,
  });
export const disconnect = (version: Version, as: string, connectionId: string) =>
  socket(version, "realtime/disconnect", "DISCONNECT", as, connectionId, {});
const subscribe = (version: Version, as: string, connectionId: string, streamId: string) =>
  socket(version, "realtime/subscribe", "MESSAGE", as, connectionId, {
    body: JSON.stringify({ action: "subscribe", streamId }),
  });

async function socket(
  version: Version,
  name: string,
  eventType: string,
  sub: string,
  connectionId: string,
  more: object,
): Promise<void> {
  const connectedAt = Date.now();
  const exp = `${Math.floor(connectedAt / 1000) + 3600}`;
  const authorizer = { sub, exp, iat: "1", jti: `token-of-${sub}` };
  const requestContext = { connectionId, eventType, connectedAt, authorizer };
  const answer = (await version.handler(name)({ requestContext, ...more })) as {
    statusCode: number;
  };
  if (answer.statusCode !== 200) throw new Error(`${name}: ${JSON.stringify(answer)}`);
}

const admin = { roles: ["admin"] as const };
const freshId = () => randomBytes(12).toString("hex");
/** An unused name: all releases share one table's usernames. */
const fresh = (name: string) => `${name}_${freshId().slice(0, 8)}`;

/** The people, streams and things of one life. */
export type Life = Awaited<ReturnType<typeof live>>;

/** Creates users with their balances, by the version that sees them first. */
async function arrive(version: Version) {
  const users = version.of<typeof import("../../../platform/store/people/profile-changes.ts")>(
    "store/people/profile-changes",
  );
  const ids = Object.fromEntries(
    ["host", "fan", "other", "guest", "banned", "leaver"].map((name) => [name, fresh(name)]),
  ) as Record<"host" | "fan" | "other" | "guest" | "banned" | "leaver", string>;
  for (const id of Object.values(ids)) {
    await users.recordNewUser(id, { preferred_username: id, given_name: id }, new Date());
    const body = { amount: 10_000, reference: `first-${id}` };
    await ask(version, "wallets/top-up", "admin", { ...admin, path: { userId: id }, body });
  }
  return ids;
}

/** Asks about a gift as Tencent's engine does, which gets one answer however often it asks. */
export async function askAboutGift(version: Version, request: object): Promise<void> {
  const charged = version.of<typeof import("../../../platform/store/tencent/gift-callbacks.ts")>(
    "store/tencent/gift-callbacks",
  );
  const now = new Date();
  const tell = ({ message }: Error) => ({ errorCode: 1, errorInfo: message });
  const question = { request, callId: freshId(), dedupeSeconds: 600, tell, now };
  expect(await charged.chargeGift(question as never)).toMatchObject({ errorCode: 0 });
}

/** Reports the end of a room before its creation, as Tencent's engine may do. */
async function reportEnd(version: Version): Promise<void> {
  const { noteRoomEnd } = version.of<
    typeof import("../../../platform/store/tencent/room-lifecycle.ts")
  >("store/tencent/room-lifecycle");
  const reported = noteRoomEnd(fresh("over"), new Date(), { eventTime: Date.now() });
  await expect(reported).rejects.toMatchObject({ code: "room_not_found" });
}

/** Makes all calls that together write an item of every kind that calls write. */
export async function live(version: Version, pump: () => Promise<void>) {
  await claim(version);
  const people = await arrive(version);
  const { host, fan, other, guest, banned, leaver } = people;
  await pump();
  const call = (name: string, as: string, given: Call = {}) => ask(version, name, as, given);
  await call("users/change-me", host, { body: { name: "Hannah", bio: "I sing" } });
  await call("users/change-username", host, { body: { newUsername: fresh("h") } });
  await call("channel/change", host, { body: { moderators: [other], blockedWords: ["darn"] } });
  await call("channel/create-overlay-key", host, { body: { description: "OBS" } });
  await call("follows/follow", fan, { path: { userId: host } });
  const device = { token: fresh("push"), deviceId: "phone", platform: "ios" };
  await call("notifications/save-device", fan, { body: device });
  const hook = { url: `${version.url}/hook`, events: ["*"], description: "All" };
  const webhook = (await call("webhooks/create", "admin", { ...admin, body: hook })).data.id;

  const type = { name: "Rose", svgUrl: "https://e.example/r.svg", creditAmount: 5 };
  const giftId = fresh("rose");
  const giftType = (
    await call("gifts/create-type", "admin", { ...admin, body: { ...type, giftId } })
  ).data.id;

  const make = async (body: object) => (await call("streams/create", host, { body })).data.id;
  const streamId = await make({ title: "All", guests: [guest] });
  const path = { streamId };
  await call("streams/join-as-creator", host, { body: { liveStreamId: streamId } });
  await call("streams/join-as-guest", guest, { body: { liveStreamId: streamId } });
  await pump();

  await connect(version, fan, "connection-of-fan=", { streamId });
  await connect(version, other, "connection-of-other=", {});
  await subscribe(version, other, "connection-of-other=", streamId);
  await connect(version, leaver, "connection-of-leaver=", { streamId });
  const { ticket } = (await call("sessions/create-ticket", fan, { body: { streamId } })).data;
  await pump();

  await call("chat/change-settings", host, {
    path,
    body: { blockedWords: ["shoot"], moderators: [other] },
  });
  const settings = { startCredits: 1, startSenders: 2, windowSeconds: 60, levelSeconds: 60 };
  await call("moments/change-train", host, {
    path,
    body: { ...settings, enabled: true, levels: [2, 2_000] },
  });
  const start = async (body: object) => (await call("moments/start", host, { path, body })).data.id;
  const goal = await start({ kind: "goal", title: "A microphone", of: "gifts", target: 500 });
  const options = ["red", "blue"];
  const poll = await start({ kind: "poll", title: "Which?", options, seconds: 60 });
  for (const as of [fan, leaver]) {
    const place = { path: { streamId, momentId: poll } };
    await call("moments/vote", as, { ...place, body: { options: [0] } });
    await call("likes/tap", as, { path, body: { session: "session-1", total: 3 } });
  }
  /** Calls with their keys and answers, which another version is to repeat. */
  const keyed: ({ name: string; as: string; answer: Body } & Call)[] = [];
  const callKeyed = async (name: string, as: string, given: Call) => {
    const once = { ...given, key: fresh("key") };
    const answer = await call(name, as, once);
    keyed.push({ name, as, answer, ...once });
    return answer;
  };
  const say = async (as: string, content: string, more: object = {}) =>
    (await callKeyed("chat/send-message", as, { path, body: { content, ...more } }))._id;
  const messages = [await say(fan, "hello"), await say(fan, "again"), await say(leaver, "bye")];
  messages.push(await say(other, "answer", { replyTo: messages[0] }));
  await pump();
  const give = async (as: string) => {
    const body = { giftTypeId: giftType, liveStreamId: streamId };
    return (await callKeyed("gifts/create", as, { body })).data.id;
  };
  const gifts = [await give(fan), await give(other), await give(leaver), await give(fan)];
  await call("chat/superlike", fan, { path });
  await call("chat/pin", host, { path, body: { messageId: messages[1] } });
  await call("chat/delete-message", host, { path: { streamId, messageId: messages[0]! } });
  const ban = { targetUserId: banned, liveStreamId: streamId, reason: "Spam" };
  const banId = (await call("bans/create", host, { body: ban })).data._id;
  const everywhere = { ...ban, targetUserId: guest, scope: "channel" };
  const channelBanId = (await call("bans/create", host, { body: everywhere })).data._id;
  const overlay = { path, body: { description: "OBS" } };
  const overlayKey = (await call("overlays/create", host, overlay)).data.id;
  await pump();

  const note = { userId: fan, type: "system", category: "payments", title: "t", message: "m" };
  const notes: string[] = [];
  for (const n of [1, 2]) {
    const body = { ...note, title: `t${n}` };
    notes.push((await call("notifications/create", "admin", { ...admin, body })).data.id);
  }
  const read = { path: { id: notes[0]! }, body: { isRead: true } };
  await call("notifications/mark-read", fan, read);
  const [revoked, revokedToken] = [fresh("gone"), fresh("token")];
  const tokenEndsAt = new Date(Date.now() + 3_600_000).toISOString();
  for (const body of [{ sub: revoked }, { jti: revokedToken, expiresAt: tokenEndsAt }])
    await call("sessions/revoke", "admin", { ...admin, body });

  const paid = await make({ title: "Paid", price: 7 });
  await call("streams/join-as-creator", host, { body: { liveStreamId: paid } });
  await call("streams/join", fan, { body: { liveStreamId: paid } });
  const plannedStartDate = new Date(Date.now() + 86_400_000).toISOString();
  const funded = await make({ title: "Funded", plannedStartDate, fundingGoal: 100 });
  await call("streams/fund", fan, { path: { streamId: funded }, body: { amount: 30 } });
  const planned = await make({ title: "Planned", plannedStartDate });
  await call("streams/remind", fan, { path: { streamId: planned }, body: { minute: 5 } });
  await pump();

  const RoomId = fresh("room");
  const room = { RoomId, RoomType: "Live", Owner_Account: host, RoomName: "Room" };
  await command(version, "rooms/create", { RoomInfo: room });
  const Metadata = [{ Key: "a", Value: "1" }];
  await command(version, "rooms/set-metadata", { RoomId, Metadata });
  const GiftId = fresh("t").slice(0, 20);
  await command(version, "gifts/add", { GiftId, Coins: 10, DefaultName: "Rose" });
  const CategoryId = fresh("c").slice(0, 20);
  await command(version, "categories/add", { CategoryId, DefaultName: "Flowers" });
  await command(version, "relations/add", { CategoryId, GiftIdList: [GiftId] });
  await command(version, "languages/set", { GiftId, Language: "en", Name: "Rose" });
  const flowers = { CategoryId, Language: "en", CategoryName: "Flowers" };
  await command(version, "category-languages/set", flowers);
  const receivers = { ReceiverList_Account: [host, other] };
  const sent = { RoomId: streamId, From_Account: fan, ...receivers, GiftId, Count: 2 };
  await command(version, "gifts/send", sent);
  const Url = `${version.url}/callback`;
  const CallbackCommandList = ["Live.CallbackBeforeSendGift", "Live.CallbackAfterCreateRoom"];
  await command(version, "callbacks/set", { Url, CallbackCommandList });
  // The application charges it, so it moves no credits here.
  await command(version, "gifts/send", { ...sent, From_Account: leaver });
  const GiftWater = { From_Account: other, To_Account: [host], GiftId, Count: 1 };
  await askAboutGift(version, { RoomId: streamId, GiftWater });
  await reportEnd(version);
  await pump();

  return {
    GiftWater,
    ...people,
    streamId,
    paid,
    funded,
    poll,
    goal,
    messages,
    gifts,
    giftType,
    notes,
    banId,
    webhook,
    RoomId,
    GiftId,
    CategoryId,
    ticket,
    device,
    keyed,
    planned,
    overlayKey,
    channelBanId,
    revoked,
    revokedToken,
    tokenEndsAt,
  };
}
