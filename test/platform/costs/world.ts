/** A table as full as callers can make it, with users, streams and money. */

import { objectIdOf } from "../../../domain/id.ts";
import { frameBytesMax } from "../../../domain/log/frame.ts";
import { keptMax } from "../../../domain/money/combo.ts";
import { listPackages } from "../../../domain/money/credit-package.ts";
import type { Entry } from "../../../domain/money/ledger.ts";
import { personOf } from "../../../domain/people/person.ts";
import { messageIdOf } from "../../../domain/streams/chat.ts";
import { makeDelivery } from "../../../domain/webhooks/delivery.ts";
import { webhooksMax } from "../../../domain/webhooks/webhook.ts";
import { handler as startMoment } from "../../../functions/audience/moments/start.ts";
import { handler as sendGift } from "../../../functions/money/gifts/create.ts";
import { handler as listNotifications } from "../../../functions/people/notifications/list-v2.ts";
import { handler as createChannelKey } from "../../../functions/streams/channel/create-overlay-key.ts";
import { handler as sendMessage } from "../../../functions/streams/chat/send-message.ts";
import { handler as createKey } from "../../../functions/streams/overlays/create.ts";
import { handler as createWebhook } from "../../../functions/webhooks/create.ts";
import { recordGiftType } from "../../../platform/store/money/gift-types.ts";
import { chain } from "../../../platform/store/money/ledger.ts";
import { indexActions } from "../../../platform/store/people/user-index.ts";
import {
  getRawItem,
  type Item,
  keyText,
  putItem,
  updateItem,
} from "../../../platform/table/items.ts";
import { key } from "../../../platform/table/keys.ts";
import { callEndpoint } from "../api-call.ts";
import { forget, giftTypeOf } from "../wallet-people.ts";
import {
  fullNotification,
  fullProfile,
  fullStream,
  fullWebhook,
  fullWords,
  listedItems,
  longPoll,
  longText,
  longUrl,
  userAt,
  writeAll,
} from "./fullest.ts";

/** More than one page, and more than a call reads at once. */
const people = 520;
const manyMin = 2_600;
/** More messages than an export looks at. */
const chatMin = 1_300;
const times = <T>(count: number, make: (n: number) => T) =>
  Array.from({ length: count }, (_, n) => make(n));

const epoch = "fullest";
const now = new Date();
const seconds = Math.floor(now.getTime() / 1000);
const at = now.toISOString();
/** Ids in the order of their numbers, made in the last hours. */
const idAt = (n: number) => objectIdOf(seconds - 10_000 + n, "ab".repeat(5), n);

/** The host of all streams; follows everyone, and everyone follows them. */
export const host = userAt(0);
export const viewer = userAt(1);
/** Hosts nothing yet, and may plan only two more streams. */
export const planner = userAt(450);
export const streamId = idAt(0);
export const plannedId = idAt(1);
export const pastId = idAt(2);
export const paidId = idAt(3);
export const fundedId = idAt(4);
export const giftType = { ...giftTypeOf(10), name: longText(100), svgUrl: longUrl("gift") };

const inADay = new Date(now.getTime() + 86_400_000).toISOString();

const streams = [
  fullStream(streamId, host, "active"),
  fullStream(plannedId, host, "scheduled"),
  fullStream(pastId, host, "ended"),
  { ...fullStream(paidId, host, "active"), price: 1, moderators: [] },
  { ...fullStream(fundedId, host, "scheduled"), plannedStartDate: inADay, fundingGoal: 1 },
  ...times(330, (n) =>
    fullStream(idAt(10 + n), host, (["active", "scheduled", "ended"] as const)[n % 3]!),
  ),
];

const peopleItems = () =>
  times(people, (n) => {
    const profile = fullProfile(userAt(n));
    const found = indexActions(undefined, profile).map(({ Put }) => Put!.Item as Item);
    const { userId, username } = profile;
    return [
      { ...key.profile(userId), ...profile },
      { ...key.username(username), userId },
      ...found,
    ];
  }).flat();

const relationItems = () =>
  times(people - 1, (n) => {
    const [other, relationId] = [userAt(n + 1), idAt(n)];
    const relation = { relationId, followerId: other, followedId: host, at };
    const back = { relationId, followerId: host, followedId: other, at };
    return [
      { ...key.follower(host, relationId), ...relation },
      { ...key.following(other, host), ...relation },
      { ...key.following(host, other), ...back },
    ];
  }).flat();

const plannedItems = () =>
  times(998, (n) => {
    const planned = { startedAt: null, endedAt: null, plannedStartDate: inADay };
    const [streamId, hostId] = [idAt(1_000 + n), planner];
    return {
      ...key.openStream(hostId, streamId),
      streamId,
      hostId,
      status: "scheduled",
      ...planned,
    };
  });

const streamItems = () =>
  streams.flatMap((stream) => [
    { ...key.stream(stream.id), ...stream },
    fullWords(stream.id),
    {
      ...key.log(stream.id),
      epoch,
      posted: 100,
      newest: seconds,
      totals: { count: 0, credits: 0 },
      viewers: 3,
    },
    { ...key.audience(stream.id), visitors: 5 },
    ...listedItems(stream),
    { ...key.guestOf(viewer, stream.id), streamId: stream.id, createdAt: at },
  ]);

/** The donors, past viewers and current viewers of the stream. */
const crowdItems = () =>
  times(manyMin, (n) => {
    const userId = userAt(n);
    const connectionId = `Q${n.toString(36).padStart(10, "0")}AEQ=`;
    const revision = now.getTime() * 1000 - n;
    return [
      { ...key.fan(streamId, userId), gifts: 1, count: 1, credits: 10 + n },
      { ...key.visits(streamId, userId), userId, seconds: 60, times: 1 },
      {
        ...key.subscriber(streamId, connectionId),
        userId,
        revision,
        expiresAt: seconds + 7_200,
        from: 1,
      },
    ];
  }).flat();

/** Combos of other gifts, as many as a wallet keeps: those that may continue. */
const combos = times(keptMax, (n) => ({
  id: idAt(n),
  streamId: idAt(n),
  giftTypeId: idAt(n),
  count: 1_000_000,
  credits: 1_000_000_000,
  lastAt: new Date(now.getTime() + 3_600_000).toISOString(),
}));

/** Mostly charges, because the export looks for a pass after each. */
const typeAt = (n: number) => (n % 100 === 0 ? "gift_revenue" : "stream_charge");

/** A host's ledger with all that an entry may say, and their wallet at its end. */
function moneyItems(userId: string): Item[] {
  const entries = times(
    manyMin,
    (n): Entry => ({
      userId,
      seq: n + 1,
      type: typeAt(n),
      amount: 10,
      balanceAfter: 10 * (n + 1),
      counterpart: userAt(n % people),
      streamId: idAt(n),
      giftId: idAt(n),
      occurredAt: at,
      reference: longText(128),
    }),
  );
  const { chained, head } = chain("", entries);
  const wallet = {
    userId,
    balance: 10 * manyMin,
    seq: manyMin,
    head,
    revision: 1,
    owed: 0,
    combos,
  };
  return [
    ...chained.map((entry) => ({ ...key.entry(userId, entry.seq), ...entry })),
    { ...key.wallet(userId), ...wallet },
  ];
}

const bansAndActs = () =>
  times(1_000, (n) => {
    const [banId, target] = [idAt(n), userAt(20 + (n % 400))];
    const person = personOf(fullProfile(target));
    const reason = longText(500);
    const facts = {
      liveStreamId: n % 2 === 0 ? streamId : pastId,
      actionType: "CHAT_ONLY",
      createdAt: at,
      deletedAt: null,
      endsAt: inADay,
      scope: "stream",
    };
    const { username } = person;
    const listed = { banId, targetUserId: target, username, expiresAt: seconds + 90_000, ...facts };
    return [
      {
        ...key.ban(banId),
        ...{
          id: banId,
          hostId: host,
          target: person,
          reason,
          createdBy: host,
          ...facts,
        },
        deletedBy: null,
        updatedAt: at,
      },
      { ...key.hostedBan(host, banId), ...listed },
      {
        ...key.act(streamId, banId),
        id: banId,
        action: "member.banned",
        actorId: userAt(n % people),
        targetId: target,
        reason,
        at,
      },
    ];
  }).flat();

/** Streams in which the host did something, as many as an export follows, and bans of the host. */
const traces = () =>
  times(1_000, (n) => {
    const id = idAt(n);
    const like = { userId: host, streamId: id, likes: 9_999, at, sessions: [], change: "change" };
    return [
      { ...key.tracedStream(host, id), streamId: id, at },
      { ...key.tracedBan(host, id), banId: id, at },
      { ...key.like(id, host), ...like, allowance: 0, filledAt: 0 },
    ];
  }).flat();

const devices = () =>
  times(50, (n) => ({
    ...key.device(host, String(n).padStart(32, "0")),
    token: "t".repeat(4_096),
    deviceId: longText(200),
    timezone: longText(100),
    platform: "ios",
    liveActivityPushToStartToken: "t".repeat(4_096),
    updatedAt: at,
  }));

/** Frames of the greatest size. */
const frames = () =>
  times(100, (n) => {
    const body = JSON.stringify({ type: "events", frame: n + 1, pad: "y".repeat(31_900) });
    const totals = { count: 0, credits: 0 };
    return {
      ...key.frame(streamId, n + 1),
      n: n + 1,
      epoch,
      body,
      covers: "",
      newest: seconds,
      totals,
      revision: 1,
      expiresAt: seconds + 90_000,
    };
  });

/** Failed deliveries of the largest events: an event fits a frame. */
const deliveries = (webhookId: string) =>
  times(101, (n) => {
    const event = { id: idAt(n), type: "notification.created", at };
    const delivery = makeDelivery(idAt(n), event, "y".repeat(frameBytesMax));
    return {
      ...key.delivery(webhookId, idAt(n)),
      ...delivery,
      attempts: 11,
      status: "failed",
      statusCode: 500,
      error: longText(200),
    };
  });

/** More parked records than a page on each of the days that are read at once. */
const parked = () =>
  times(16 * 101, (n) => {
    const day = new Date(now.getTime() - (n % 16) * 86_400_000).toISOString();
    const of = key.gift(streamId, idAt(n));
    return {
      ...key.parked(day.slice(0, 10), keyText(of)),
      of,
      image: { kind: "gift", due: userAt(n), dueCredits: 1_000_000_000 },
      because: "喜".repeat(1_000),
      parkedAt: day,
      expiresAt: seconds + 90 * 86_400,
    };
  });

/** A gift after its receiver was credited. */
const settled = ({ due: _, ...item }: Item): Item => item;

/** Copies of an item that a call made, at other places. */
async function copies(
  place: { PK: string; SK: string },
  count: number,
  copy: (item: Item, n: number) => Item,
) {
  const item = (await getRawItem(place, { consistent: true }))!;
  await writeAll(times(count, (n) => copy(item, n + 2)));
}

/** Writes everything that calls may read. */
export async function fillTable(): Promise<void> {
  await recordGiftType(giftType, forget(undefined));
  await writeAll([
    ...peopleItems(),
    ...relationItems(),
    ...streamItems(),
    ...plannedItems(),
    ...crowdItems(),
    ...moneyItems(host),
    ...bansAndActs(),
    ...traces(),
    ...devices(),
    ...parked(),
    ...times(1_000, (n) => fullNotification(host, n)).flat(),
    {
      ...key.wallet(viewer),
      userId: viewer,
      balance: 1_000_000,
      seq: 0,
      head: "",
      revision: 1,
      owed: 0,
    },
  ]);
  for (const frame of frames()) await putItem(frame);
}

/** Ids of the existing items, for use in calls. */
export type Found = {
  noteIds: string[];
  giftId: string;
  messageIds: string[];
  webhookId: string;
  keyId: string;
  channelKeyId: string;
  momentIds: string[];
  packageId: string;
};

/** Makes what only calls can make, and copies of it; answers the ids that calls name. */
export async function prepareCalls(): Promise<Found> {
  const path = { streamId };
  const make = async (
    handler: unknown,
    call: Omit<Parameters<typeof callEndpoint>[1], "as">,
    as = viewer,
  ) => {
    const { status, body } = await callEndpoint(handler, { as, ...call });
    if (status > 299) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body as { _id?: string; data: { id: string } };
  };
  const say = () => make(sendMessage, { path, body: { content: longText(500) } });
  const messageIds = [(await say())._id!, (await say())._id!];
  await copies(key.message(streamId, 1), chatMin, (item, n) => {
    const id = messageIdOf(streamId, n + 1, now);
    return { ...item, ...key.message(streamId, n + 1), n: n + 1, id };
  });
  await updateItem({
    Key: key.chat(streamId),
    UpdateExpression: "SET #count = :count",
    ExpressionAttributeNames: { "#count": "count" },
    ExpressionAttributeValues: { ":count": chatMin + 2 },
  });
  const { id: giftId } = (
    await make(sendGift, { body: { giftTypeId: giftType.id, liveStreamId: streamId } })
  ).data;
  await copies(key.gift(streamId, giftId), 300, (item, n) => ({
    ...settled(item),
    ...key.gift(streamId, idAt(n)),
    id: idAt(n),
  }));
  const description = longText(100);
  const { id: keyId } = (await make(createKey, { path, body: { description } }, host)).data;
  const { id: channelKeyId } = (await make(createChannelKey, { body: { description } }, host)).data;
  const start = async () => (await make(startMoment, { path, body: longPoll }, host)).data.id;
  const momentIds = [await start(), await start(), await start()];
  await copies(key.moment(streamId, momentIds[0]!), 1_000, (item, n) => ({
    ...item,
    ...key.moment(streamId, idAt(n)),
    id: idAt(n),
    status: "ended",
    endedAt: at,
    result: { votes: Array(10).fill(99_999), voters: 999_999, winner: null },
  }));
  const hook = { roles: ["admin"] as const, body: fullWebhook };
  const { id: webhookId } = (await make(createWebhook, hook)).data;
  await copies(key.webhook(0), webhooksMax - 2, (item, n) => ({
    ...item,
    ...key.webhook(n - 1),
    slot: n - 1,
    id: idAt(n),
  }));
  await writeAll(deliveries(webhookId));
  const { list } = (await make(listNotifications, { query: { limit: "100", page: "2" } }, host))
    .data as unknown as { list: { id: string }[] };
  const noteIds = list.map(({ id }) => id);
  const packageId = listPackages({ activeOnly: true })[0]!.id;
  return { noteIds, giftId, messageIds, webhookId, keyId, channelKeyId, momentIds, packageId };
}

export { idAt };
