import {
  BatchWriteCommand,
  GetCommand,
  type GetCommandOutput,
  PutCommand,
} from "@aws-sdk/lib-dynamodb";
import { decideGift } from "../../domain/money/gift.ts";
import { Gift } from "../../domain/money/gift-item.ts";
import type { GiftType } from "../../domain/money/gift-type.ts";
import { personOfSummary } from "../../domain/people/person.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import type { Stream } from "../../domain/streams/stream.ts";
import { setting } from "../../platform/runtime/env.ts";
import { newId } from "../../platform/runtime/id.ts";
import { getGiver, giftContext, recordGift } from "../../platform/store/money/gifts.ts";
import { buyPass } from "../../platform/store/money/passes.ts";
import { topUp } from "../../platform/store/money/wallet-operations.ts";
import { recordNewUser } from "../../platform/store/people/profile-changes.ts";
import { findMember } from "../../platform/store/streams/members.ts";
import { type KeyedCall, markerAction } from "../../platform/table/idempotency.ts";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import type { Reply } from "../../platform/table/transact.ts";
import { liveStreamOf } from "./live-stream.ts";

const picture = "https://cdn.example.com/person.png";

/** Who refunds, in tests where any admin or host will do. */
export const byAdmin = { role: "admin", userId: "an-admin" } as const;
export const byHost = { role: "host", userId: "a-host" } as const;

/** An answer that nothing remembers. */
export const forget = <A>(answer: A): Reply<A> => ({ answer, remember: [] });

/** An answer that a key remembers. */
export const keep =
  (call: KeyedCall, now: Date) =>
  <A>(answer: A): Reply<A> => ({ answer, remember: [markerAction(call, 201, answer, now)] });

let people = 0;

/** An unused user id; `name` describes the user's role in the test. */
export const someone = (name: string) => `${name}-${++people}`;

/** A user with credits from one top-up. */
export async function makeUser(userId: string, credits = 0): Promise<string> {
  const now = new Date();
  await recordNewUser(userId, { preferred_username: userId }, now);
  const booking = { userId, amount: credits, reference: `first-${newId(now)}`, now };
  if (credits > 0) await topUp(booking, forget);
  return userId;
}

/** A live stream of the host. */
export async function makeStream(hostId: string, changes: Partial<Stream> = {}): Promise<Stream> {
  const now = new Date();
  const host = summaryOf(profileOf(hostId, { preferred_username: hostId }, now), picture);
  const stream = liveStreamOf(host, changes, now);
  const Item = { ...key.stream(stream.id), ...stream };
  await table().send(new PutCommand({ TableName: tableName(), Item }));
  return stream;
}

/** Lists a thousand streams of the host that ended then, newer than all others. */
export async function hostThousand(hostId: string, endedAt: Date): Promise<void> {
  const at = endedAt.toISOString();
  const ended = { hostId, status: "ended", startedAt: at, endedAt: at, plannedStartDate: null };
  for (let n = 0; n < 1_000; n += 25) {
    const puts = Array.from({ length: 25 }, () => {
      const streamId = newId(new Date());
      return { PutRequest: { Item: { ...key.hosted(hostId, streamId), streamId, ...ended } } };
    });
    await table().send(new BatchWriteCommand({ RequestItems: { [tableName()]: puts } }));
  }
}

type Item = NonNullable<GetCommandOutput["Item"]>;

/** The gift as it is stored now. */
export async function readGift(streamId: string, id: string): Promise<Item> {
  const Key = key.gift(streamId, id);
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key, ConsistentRead: true }),
  );
  return Item!;
}

/** The gift as its item says it, with what the item leaves out. */
export const giftOf = async (streamId: string, id: string): Promise<Gift> =>
  Gift.parse(await readGift(streamId, id));

/** A gift type that costs `creditAmount`. */
export function giftTypeOf(creditAmount: number): GiftType {
  const now = new Date();
  const [id, at] = [newId(now), now.toISOString()];
  const svgUrl = "https://cdn.example.com/rose.svg";
  const facts = { name: "Rose", svgUrl, isActive: true, createdAt: at, updatedAt: at };
  return { id, giftId: id, creditAmount, ...facts };
}

/** Buys a pass for a paid stream; returns the charge's id, undefined if the user had a pass. */
export async function buyOne(
  stream: Stream,
  userId: string,
  now = new Date(),
): Promise<string | undefined> {
  const giver = await getGiver(stream.id, userId);
  const terms = { defaultPicture: setting("DEFAULT_PICTURE") };
  const isNew = await buyPass(giftContext(stream, giver, now), terms, forget(undefined));
  const member = await findMember(stream.id, userId, { consistent: true });
  return isNew ? member?.pass?.giftId : undefined;
}

/** Sends one gift to the host, or to others; returns its id. */
export async function sendOne(
  stream: Stream,
  senderId: string,
  giftType: GiftType,
  {
    receivers = [personOfSummary(stream.host, setting("DEFAULT_PICTURE"))],
    now = new Date(),
    count = 1,
    charged = true,
  } = {},
  once: (answer: { id: string }) => Reply<{ id: string }> = forget,
): Promise<string> {
  const giver = await getGiver(stream.id, senderId);
  const request = { giftType, receivers, count, charged };
  const decision = decideGift(giftContext(stream, giver, now), request);
  const { id } = await recordGift(decision, ({ id }) => once({ id }));
  return id;
}
