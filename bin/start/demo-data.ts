import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import { type GiftType, newGiftType } from "../../domain/money/gift-type.ts";
import { credit, draftOf, emptyWallet } from "../../domain/money/wallet.ts";
import { type Profile, profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeStream } from "../../domain/streams/new-stream.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { seal } from "../../platform/store/money/wallets.ts";
import { indexActions } from "../../platform/store/people/user-index.ts";
import { listActions, liveActions } from "../../platform/store/streams/stream-lists.ts";
import { type Key, key } from "../../platform/table/keys.ts";
import { type Claim, isEmpty, labelOf } from "../../platform/table/ownership.ts";
import type { Action } from "../../platform/table/transact.ts";

/** The table for the demo data, and the URL of its pictures. */
type DemoTarget = {
  client: DynamoDBDocumentClient;
  tableName: string;
  claim: Claim;
  /** The URL of the gift types' pictures. */
  picturesUrl: string;
  defaultPicture: string;
  defaultThumbnail: string;
};

/** Ids in the curl examples of the reference pages. */
const ids = {
  viewer: "64d15f9e2e6c8f4d5a123456",
  host: "64d15f9e2e6c8f4d5a123457",
  stream: "64d15f9e2e6c8f4d5a123000",
  room: "65a1234bcde5678f90123456",
  giftType: "65a1234bcde5678f90123456",
  /** The demo stream's moderator; the console can sign them in. */
  moderator: "moderator",
};

const demoCredits = 1_000_000;

/** Gift types, cheapest first; each picture has its type's name. */
const giftTypes = [
  { id: ids.giftType, giftId: "gift1", name: "Rose", creditAmount: 10 },
  { id: "65a1234bcde5678f90123457", giftId: "gift2", name: "Heart", creditAmount: 20 },
  { id: "65a1234bcde5678f90123458", giftId: "gift3", name: "Coffee", creditAmount: 50 },
  { id: "65a1234bcde5678f90123459", giftId: "gift4", name: "Star", creditAmount: 100 },
  { id: "65a1234bcde5678f9012345a", giftId: "gift5", name: "Rocket", creditAmount: 500 },
  { id: "65a1234bcde5678f9012345b", giftId: "gift6", name: "Crown", creditAmount: 1_000 },
  { id: "65a1234bcde5678f9012345c", giftId: "gift7", name: "Fireworks", creditAmount: 5_000 },
  { id: "65a1234bcde5678f9012345d", giftId: "gift8", name: "Diamond", creditAmount: 10_000 },
];

/**
 * Writes the demo data into an empty table: users, credits with their ledger entries, streams and
 * gift types. It is one transaction, so it writes all or nothing. Returns whether it has written.
 */
export async function writeDemo(target: DemoTarget, now: Date): Promise<boolean> {
  const { client, tableName: TableName } = target;
  if (!(await isEmpty(target))) return false;
  const TransactItems = demoActions(target, now).map(({ label: _, ...action }) => {
    const [[kind, body] = []] = Object.entries(action);
    return { [String(kind)]: { TableName, ...body } } as object;
  });
  await client.send(new TransactWriteCommand({ TransactItems }));
  return true;
}

/** Whether the table has the demo stream. */
export async function hasDemo({ client, tableName: TableName }: DemoTarget): Promise<boolean> {
  const { Item } = await client.send(new GetCommand({ TableName, Key: key.stream(ids.stream) }));
  return Item !== undefined;
}

/**
 * Updates the URLs of the demo's gift pictures if an earlier run used another port. A picture that
 * an admin chose is kept.
 */
export async function moveDemoPictures(target: DemoTarget): Promise<void> {
  const { client, tableName: TableName } = target;
  const { Responses = {} } = await client.send(
    new BatchGetCommand({
      RequestItems: { [TableName]: { Keys: giftTypes.map(({ id }) => key.giftType(id)) } },
    }),
  );
  const types = (Responses[TableName] ?? []) as Pick<GiftType, "id" | "svgUrl" | "deletedAt">[];
  const moves = types.flatMap(({ id, svgUrl, deletedAt }) => {
    const moved = pictureOf(giftTypes.find((type) => type.id === id)!.name, target);
    const isOurs = deletedAt === undefined && svgUrl.startsWith("http://127.0.0.1:");
    return isOurs && svgUrl !== moved
      ? [key.giftType(id), key.listedGiftType(id)].map((Key) => moveOf(TableName, Key, moved))
      : [];
  });
  if (moves.length === 0) return;
  const version = { ...key.giftTypesVersion(), version: `pictures at ${target.picturesUrl}` };
  const TransactItems = [...moves, { Put: { TableName, Item: version } }];
  await client.send(new TransactWriteCommand({ TransactItems }));
}

const moveOf = (TableName: string, Key: Key, svgUrl: string) => ({
  Update: {
    TableName,
    Key,
    UpdateExpression: "SET svgUrl = :moved",
    ExpressionAttributeValues: { ":moved": svgUrl },
  },
});

const pictureOf = (name: string, { picturesUrl }: DemoTarget) =>
  `${picturesUrl}/${name.toLowerCase()}.svg`;

function demoActions(target: DemoTarget, now: Date): Action[] {
  const named = (userId: string, name: string, given = "", family = "") =>
    profileOf(userId, { preferred_username: name, given_name: given, family_name: family }, now);
  const viewer = named(ids.viewer, "johndoe", "John", "Doe");
  const host = named(ids.host, "host", "Demo", "Host");
  const moderator = named(ids.moderator, "deniz.kaya", "Deniz", "Kaya");
  const users = [viewer, host, moderator, named("user1", "user1"), named("user2", "user2")];
  const streams = [
    streamOf(ids.stream, "Demo stream", null, host, target, now),
    // It started a minute earlier, so Studio's stream above is the host's newest live stream.
    streamOf(ids.room, "Demo room", "room_id", host, target, new Date(now.getTime() - 60_000)),
  ];
  const types = giftTypes.map(({ id, ...type }) =>
    newGiftType(id, { ...type, svgUrl: pictureOf(type.name, target) }, now),
  );
  return [
    { Put: { Item: labelOf(target.claim) } },
    ...users.flatMap(userActions),
    ...[ids.viewer, "user1"].flatMap((userId) => creditActions(userId, now)),
    ...streams.flatMap((stream) => [
      put({ ...key.stream(stream.id), ...stream }),
      ...listActions(stream),
      ...liveActions(stream),
    ]),
    // By this item, the moderator's erasure and list of moderated streams find the host's streams.
    put({
      ...key.tracedHost(ids.moderator, ids.host),
      hostId: ids.host,
      at: now.toISOString(),
    }),
    put({ ...key.room("room_id"), streamId: ids.room }),
    put({ ...key.giftTypesVersion(), version: "demo" }),
    ...types.flatMap((type) => [
      put({ ...key.giftType(type.id), ...type }),
      put({ ...key.giftAlias(type.giftId), giftTypeId: type.id }),
      put({ ...key.listedGiftType(type.id), ...type }),
    ]),
  ];
}

const put = (Item: Record<string, unknown>): Action => ({
  Put: { Item, ConditionExpression: "attribute_not_exists(PK)" },
});

const userActions = (profile: Profile): Action[] => [
  put({ ...key.profile(profile.userId), ...profile }),
  put({ ...key.username(profile.username), userId: profile.userId }),
  ...indexActions(undefined, profile),
];

/** The credits of a demo user, booked as a top-up, so that the audit finds their source. */
function creditActions(userId: string, now: Date): Action[] {
  const [occurredAt, reference] = [now.toISOString(), "demo"];
  const movement = { type: "top_up", amount: demoCredits, reference, occurredAt } as const;
  const { actions } = seal(credit(draftOf(emptyWallet(userId)), movement));
  const used = { type: "top_up", amount: demoCredits, occurredAt };
  return [...actions, put({ ...key.reference(userId, reference), ...used })];
}

/** A live stream, with a RoomId if it was created by the Tencent API. */
function streamOf(
  id: string,
  title: string,
  roomId: string | null,
  host: Profile,
  { defaultPicture, defaultThumbnail }: DemoTarget,
  now: Date,
): Stream {
  const given = { id, host: summaryOf(host, defaultPicture), defaultThumbnail, now };
  const made = makeStream({ title }, given);
  const moderators = roomId === null ? [ids.moderator] : [];
  return { ...made, status: "active", startedAt: now.toISOString(), roomId, moderators };
}
