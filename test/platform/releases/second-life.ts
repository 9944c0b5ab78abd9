/** After `life.ts`: another version continues with all items that the first one wrote. */
import { createHash } from "node:crypto";
import type { LogRecord } from "../../../domain/log/event.ts";
import { key } from "../../../platform/table/keys.ts";
import { callEndpoint } from "../api-call.ts";
import { ask, askAboutGift, command, disconnect, type Life } from "./life.ts";
import { placeOf, type Version } from "./world.ts";

const admin = { roles: ["admin"] as const };

/** Changes, ends and repeats what the first version began. */
export async function goOn(version: Version, life: Life, pump: () => Promise<void>) {
  const { host, fan, other, leaver, banned, streamId, paid, funded } = life;
  const path = { streamId };
  const call = (name: string, as: string, given: Parameters<typeof ask>[3] = {}) =>
    ask(version, name, as, given);
  for (const { name, as, answer, ...given } of life.keyed) {
    // The response has no text for a message that was deleted in between.
    const { _id, data } = await call(name, as, given);
    expect([name, _id, data?.id]).toEqual([name, answer._id, answer.data?.id]);
  }
  const topUp = { path: { userId: fan }, body: { amount: 10_000, reference: `first-${fan}` } };
  const again = { as: "admin", ...admin, ...topUp, key: `another-${fan}` };
  const known = await callEndpoint(version.handler("wallets/top-up"), again);
  expect(known).toMatchObject({ status: 409, body: { code: "reference_exists" } });

  await askAboutGift(version, { RoomId: streamId, GiftWater: life.GiftWater });

  const momentOf = (momentId: string) => ({ path: { streamId, momentId } });
  await call("moments/vote", fan, { ...momentOf(life.poll), body: { options: [1] } });
  await call("likes/tap", fan, { path, body: { session: "session-1", total: 9 } });
  await pump();
  for (const id of [life.poll, life.goal]) await call("moments/end", host, momentOf(id));
  const body = { content: "Me too", replyTo: life.messages[1] };
  await call("chat/send-message", fan, { path, body });
  const gift = { giftTypeId: life.giftType, liveStreamId: streamId };
  for (const as of [fan, other]) await call("gifts/create", as, { body: gift });
  await pump();
  await call("gifts/refund", "admin", { ...admin, path: { id: life.gifts[0]! } });
  await call("passes/refund", "admin", { ...admin, path: { streamId: paid, userId: fan } });
  const messageId = life.messages[2]!;
  await call("chat/delete-message", host, { path: { streamId, messageId } });
  await call("chat/unpin", host, { path });
  for (const id of [life.banId, life.channelBanId]) await call("bans/lift", host, { path: { id } });
  for (const as of [fan, other])
    await call("streams/fund", as, { path: { streamId: funded }, body: { amount: 50 } });
  await pump();
  await call("streams/join-as-creator", host, { body: { liveStreamId: funded } });
  await disconnect(version, fan, "connection-of-fan=");
  const token = { jti: `token-of-${other}`, expiresAt: life.tokenEndsAt };
  await call("sessions/revoke", "admin", { ...admin, body: token });
  await pump();

  await call("follows/unfollow", fan, { path: { userId: host } });
  await call("notifications/save-device", other, { body: life.device });
  await call("notifications/read-all", fan);
  await call("notifications/delete-bulk", fan, { body: { ids: [life.notes[0]!] } });
  for (const as of [leaver, banned])
    await call("users/delete-me", as, { query: { forfeit: "true" } });
  await pump();
  await call("streams/cancel", host, { path: { streamId: life.planned } });
  await call("overlays/delete", host, { path: { streamId, keyId: life.overlayKey } });
  await call("webhooks/rotate-secret", "admin", { ...admin, path: { id: life.webhook } });
  await command(version, "rooms/set-metadata", {
    RoomId: life.RoomId,
    Metadata: [{ Key: "b", Value: "2" }],
  });
  await command(version, "rooms/destroy", { RoomId: life.RoomId });
  const renaming = { path: { userId: host }, body: { username: `${host}_2` } };
  await call("users/change-names", "back-end", { roles: ["service"], ...renaming });
  await call("users/search", fan);
  await pump();
}

/** Lets a version's schedules run, as if their times had come. */
export async function runSchedules(version: Version): Promise<void> {
  for (const { name, on } of version.consumers)
    if ("every" in on) await version.handler(name)({}, { getRemainingTimeInMillis: () => 30_000 });
}

type Leaders = typeof import("../../../platform/store/money/leaderboards.ts");
type Relays = typeof import("../../../platform/store/log/relays.ts") & {
  /** The latest release's name of `putRelayMessage`, and that of `takeRelayMessages`. */
  putMail?: Relays["putRelayMessage"];
  takeMail?: Relays["takeRelayMessages"];
};
type Backlog = typeof import("../../../platform/store/log/logs.ts");
type Leases = typeof import("../../../platform/push/governor.ts");
type Budget = typeof import("../../../platform/store/log/resume-budget.ts");
type Floods = typeof import("../../../platform/store/log/floods.ts");
type Tickets = typeof import("../../../platform/store/log/tickets.ts");
type Parked = typeof import("../../../platform/store/money/parked.ts");
type Revocations = typeof import("../../../platform/auth/revocations.ts");
type Rates = typeof import("../../../platform/tencent/rate.ts");
type Reminders = typeof import("../../../platform/store/streams/reminders.ts");
type Items = typeof import("../../../platform/table/items.ts");
type Pictures = typeof import("../../../platform/pictures/pictures.ts");
type NotificationLists = typeof import("../../../platform/store/people/notification-lists.ts");
type Webhooks = typeof import("../../../platform/store/webhooks/webhooks.ts");
type Sweep = typeof import("../../../platform/store/webhooks/sweep.ts");
type Connections = typeof import("../../../platform/store/log/connections.ts");
type Secrets = typeof import("../../../platform/auth/secret.ts");
type Keyed = typeof import("../../../platform/table/idempotency.ts");
type ReadOnly = typeof import("../../../platform/table/read-only.ts");
type Layout = typeof import("../../../platform/table/layout.ts");

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** A module of the checkout; in the latest release its functions are in the module `own`. */
const merged = <Module extends object>(version: Version, file: string, own: string): Module => ({
  ...version.of<Module>(file),
  ...version.of<Module | undefined>(own),
});
const backlogOf = (version: Version) =>
  merged<Backlog>(version, "store/log/logs", "store/log/backlog");

/** Items that environments share: one version writes each, and the other reads it. */
export async function shareItems(first: Version, second: Version, life: Life): Promise<void> {
  const now = new Date();
  const { streamId, fan, RoomId } = life;
  const both = [first, second] as const;

  const [relays, others] = both.map((each) => each.of<Relays>("store/log/relays")) as [
    Relays,
    Relays,
  ];
  const node = `node-of-${RoomId}`;
  await relays.markRelay(node, now);
  expect(await others.isRelayAlive(node, now)).toBe(true);
  const greeting = { connectionId: `${node}-1`, text: "hello" };
  await (relays.putMail ?? relays.putRelayMessage)(node, greeting, now);
  expect(await (others.takeMail ?? others.takeRelayMessages)(node)).toMatchObject([greeting]);
  const room = { users: new Map([[fan, now.getTime()]]) };
  await relays.putRelayedRoom({ streamId, node }, room, 0, now);
  expect(await others.listRelayedRooms(streamId, now)).toMatchObject([room]);

  const record = {
    id: "gathered",
    createdAt: Math.floor(now.getTime() / 1000),
  } as unknown as LogRecord;
  const gathered = await backlogOf(first).putBacklog(RoomId, [record], now);
  const backlog = await backlogOf(second).listBacklog(RoomId, 10, now);
  expect(backlog).toMatchObject({ ids: [gathered], records: [record] });

  const left = { posts: [] as number[], frames: [] as number[], floods: [] as number[] };
  for (const each of both) {
    const { leasePosts } = merged<Leases>(each, "push/governor", "store/log/post-leases");
    left.posts.push(await leasePosts("large", 1, 6, 10, now));
    const budget = each.of<Budget>("store/log/resume-budget");
    left.frames.push(await budget.takeResumeFrames(fan, 60, now));
    const flood = await each.of<Floods>("store/log/floods").noteFlood(fan, 1, now);
    left.floods.push(flood.before);
  }
  expect(left).toEqual({ posts: [6, 4], frames: [60, 40], floods: [0, 1] });

  const ticket = await second.of<Tickets>("store/log/tickets").takeTicket(life.ticket, now);
  expect(ticket).toMatchObject({ userId: fan, streamId });
  const session = { userId: life.revoked, issuedAt: 1, tokenId: "" };
  const byToken = { userId: fan, issuedAt: 4e9, tokenId: life.revokedToken };
  const { isRevoked } = second.of<Revocations>("auth/revocations");
  expect(await Promise.all([session, byToken].map((each) => isRevoked(each)))).toEqual([
    true,
    true,
  ]);
  await first.of<Rates>("tencent/rate").admitCall(1, RoomId, now);
  const admitted = second.of<Rates>("tencent/rate").admitCall(1, RoomId, now);
  await expect(admitted).rejects.toMatchObject({ code: "command_too_frequent" });

  const inTwoDays = new Date(now.getTime() + 2 * 86_400_000);
  const reminders = second.of<Reminders>("store/streams/reminders");
  const due = await reminders.listDueReminders(inTwoDays, 100, 100);
  expect(due).toContainEqual(expect.objectContaining({ userId: fan, streamId: life.planned }));

  const { putItem } = first.of<Items>("table/items");
  const pictureId = hashOf(RoomId).slice(0, 24);
  const picture = { id: pictureId, mediaType: "image/png", size: 5, createdAt: now.toISOString() };
  await putItem({ ...key.picture(pictureId), ...picture });
  const found = await second.of<Pictures>("pictures/pictures").findPicture(pictureId);
  expect(found).toMatchObject({ name: pictureId, mediaType: "image/png" });

  const { getRawItem } = first.of<Items>("table/items");
  const note = (await getRawItem(key.notification(fan, life.notes[1]!), { consistent: true }))!;
  const old = { ...note, ...key.olderNotification(fan, pictureId), id: pictureId, read: false };
  await putItem(old);
  const notes = second.of<NotificationLists>("store/people/notification-lists");
  expect(await notes.findNotification(fan, pictureId)).toMatchObject({ title: note.title });

  const message = { streamId, id: RoomId };
  await first.of<Webhooks>("store/webhooks/webhooks").recordDeletion(streamId, RoomId, now);
  const deletions = second.of<Webhooks>("store/webhooks/webhooks").findDeletions([message]);
  expect((await deletions).size).toBe(1);
  const places = { [life.webhook]: "1" };
  await first.of<Sweep>("store/webhooks/sweep").recordCursors(places);
  expect(await second.of<Sweep>("store/webhooks/sweep").findCursors()).toEqual(places);
  await putItem({ ...key.sweepPlace(), place: { due: life.host, ...key.gift(streamId, "1") } });

  const { hashOfSecret } = second.of<Secrets>("auth/secret");
  const socket = { connectionId: node, connectedAt: now.getTime(), expiresAt: 4e9 };
  const listed = { ...socket, tokenHash: hashOfSecret(RoomId) };
  // The latest release takes the token's id.
  const { putSocket } = first.of<{ putSocket: (...listed: unknown[]) => Promise<void> }>(
    "store/log/connections",
  );
  await putSocket(fan, first.name === "release" ? socket : listed, RoomId);
  const { listTokenSockets } = second.of<Connections>("store/log/connections");
  expect(await listTokenSockets(hashOfSecret(RoomId), now)).toMatchObject([socket]);

  const [keyed, others2] = both.map((each) => each.of<Keyed>("table/idempotency")) as [
    Keyed,
    Keyed,
  ];
  const call = keyed.keyedCall(fan, "POST /x", RoomId, {});
  await keyed.claimCall(call, now);
  await expect(others2.claimCall(call, now)).rejects.toMatchObject({ code: "key_in_progress" });

  const image = { ...key.gift(RoomId, "1"), kind: "gift", due: life.host, dueCredits: 5 };
  await first.of<Parked>("store/money/parked").park(image, "It does not fit", now);
  const parked = second.of<Parked>("store/money/parked");
  const records = (await parked.listParked(now, 100)).map(parked.parkedRecordOf);
  expect(records).toMatchObject([{ reason: "It does not fit", receiverId: life.host, credits: 5 }]);
  await parked.removeParked(image, now);
  expect(await first.of<Parked>("store/money/parked").listParked(now, 100)).toEqual([]);
}

/** The leaderboard of a stream with more than a thousand senders, counted once for all callers. */
export async function shareLeaders(first: Version, second: Version, { RoomId }: Life) {
  const { writeItems } = first.of<Items>("table/items");
  const streamId = hashOf(RoomId).slice(0, 24);
  const places = Array.from({ length: 1_025 }, (_, n) => key.fan(streamId, `fan-${n}`));
  const fans = places.map((place, n) => ({ ...place, gifts: 1, count: 1, credits: n }));
  for (let from = 0; from < fans.length; from += 25) await writeItems(fans.slice(from, from + 25));
  for (const version of [first, second]) {
    const leaders = version.of<Leaders>("store/money/leaderboards");
    const { senders, top } = await leaders.readLeaders(streamId, new Date());
    expect([senders, top[0]]).toMatchObject([fans.length, { userId: "fan-1024" }]);
  }
  // No gift explains them to an audit.
  for (let from = 0; from < places.length; from += 25)
    await writeItems([], places.slice(from, from + 25));
}

/** Expects that a table that one version makes read-only is read-only for the other. */
export async function closeTable(first: Version, second: Version): Promise<void> {
  await first.of<ReadOnly>("table/read-only").makeReadOnly(placeOf(first), new Date());
  expect(await second.of<Layout>("table/layout").findReadOnly(placeOf(second))).toBeDefined();
  await second.of<ReadOnly>("table/read-only").makeWritable(placeOf(second));
}
