import { refuse } from "../../../domain/refusal.ts";
import {
  assertNotBlocked,
  isAdmitted,
  isBlocked,
  Member,
  nextRevision,
  shownBanOf,
} from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { BoundedMap } from "../../runtime/caches.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import {
  getItem,
  getItems,
  getRawItem,
  type Item,
  keyText,
  parseItem,
  type ReadOptions,
} from "../../table/items.ts";
import { type Key, key } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { findStream } from "./streams.ts";

/** Where a ban applies: in one stream, or in all of a host's. */
export type BanTarget = { streamId: string } | { hostId: string };

/** The key of a stream's, or a channel's, item about a user. */
export const memberKey = (place: BanTarget, userId: string) =>
  "streamId" in place
    ? key.member(place.streamId, userId)
    : key.channelMember(place.hostId, userId);

/** The facts about a stream that never change. */
type Lasting = { hostId: string; isFree: boolean };

/** These facts of the streams that this process has seen. */
const known = new BoundedMap<string, Lasting>(10_000);

async function findLasting(streamId: string): Promise<Lasting | undefined> {
  const found = known.get(streamId);
  if (found !== undefined) return found;
  const stream = await getRawItem(key.stream(streamId), { consistent: true });
  if (typeof stream?.hostId !== "string") return undefined;
  const lasting = { hostId: stream.hostId, isFree: stream.price === null };
  known.set(streamId, lasting);
  return lasting;
}

/** The host of a stream; undefined if there is no such stream. */
export const findHost = async (streamId: string): Promise<string | undefined> =>
  (await findLasting(streamId))?.hostId;

/** The keys of the items about a user in a stream: the stream's own and its host's channel's. */
export function memberKeys(streamId: string, hostId: string | undefined, userId: string): Key[] {
  const own = key.member(streamId, userId);
  return hostId === undefined ? [own] : [own, key.channelMember(hostId, userId)];
}

/**
 * The facts that decide whether a user may watch a stream, read consistently; for a free stream
 * only the user's bans. The stream's own ban is then read from its copy in the sender's item: each
 * copy has its own key, and one key carries 3,000 read units a second. All reads requested in this
 * turn of the event loop are one call.
 */
export async function findWatcher(streamId: string, userId: string): Promise<Member | undefined> {
  const lasting = await findLasting(streamId);
  const keys = memberKeys(streamId, lasting?.hostId, userId);
  if (lasting?.isFree) keys[0] = key.sender(streamId, userId);
  const items = await Promise.all(keys.map((one) => getRawItem(one, { consistent: true })));
  return memberIn(new Map(items.flatMap((item) => (item ? [[keyText(item), item]] : []))), keys);
}

/** A user's membership in a stream, combined from the items with the keys of `memberKeys`. */
export function memberIn(
  found: ReadonlyMap<string, Item>,
  [own, channel]: readonly Key[],
): Member | undefined {
  const [ownItem, channelItem] = [own, channel].map((one) => one && found.get(keyText(one)));
  const member = ownItem && parseItem(Member, ownItem);
  const channelBan = channelItem && parseItem(Member, channelItem).ban;
  if (channelBan == null) return member;
  return { userId: String(channelItem!.userId), ...member, channelBan };
}

/**
 * A user's membership in a stream: its own ban and that of its host's channel. Undefined for most
 * users.
 */
export async function findMember(
  streamId: string,
  userId: string,
  reading: ReadOptions = {},
): Promise<Member | undefined> {
  const keys = memberKeys(streamId, await findHost(streamId), userId);
  return memberIn(await getItems(keys, reading), keys);
}

/** A user's own items of these streams, by stream: without the bans of their hosts' channels. */
export async function listOwnMembers(
  streamIds: readonly string[],
  userId: string,
): Promise<Map<string, Member>> {
  const found = await getItems(streamIds.map((id) => key.member(id, userId)));
  const members = new Map<string, Member>();
  for (const id of streamIds) {
    const item = found.get(keyText(key.member(id, userId)));
    if (item !== undefined) members.set(id, parseItem(Member, item));
  }
  return members;
}

/** The users among these, of any number, who are not blocked from a stream. */
export async function withoutBlocked(
  { id, hostId }: Pick<Stream, "id" | "hostId">,
  userIds: readonly string[],
  now: Date,
): Promise<string[]> {
  const keysOf = (userId: string) => memberKeys(id, hostId, userId);
  const found = await getItems(userIds.flatMap(keysOf));
  return userIds.filter((userId) => !isBlocked(memberIn(found, keysOf(userId)), now));
}

/** Whether a user who was admitted to a paid stream would be now, without roles of a token. */
export async function isStillAdmitted(streamId: string, userId: string): Promise<boolean> {
  const [stream, member] = await Promise.all([
    findStream(streamId, { consistent: true }),
    findMember(streamId, userId, { consistent: true }),
  ]);
  return stream === undefined || isAdmitted(stream, member, { userId });
}

/** Whether a user is blocked from a stream now, read consistently. */
export const isStillBlocked = async (
  streamId: string,
  userId: string,
  now: Date,
): Promise<boolean> => isBlocked(await findMember(streamId, userId, { consistent: true }), now);

/** The item of only one stream or channel about a user. */
const findOwnMember = (place: BanTarget, userId: string) =>
  getItem(Member, memberKey(place, userId), { consistent: true });

/** The item of a host's channel about a user, read consistently. */
export const findChannelMember = (hostId: string, userId: string) =>
  findOwnMember({ hostId }, userId);

/** Refuses a user who is blocked from a host's channel with `member_blocked`. */
export async function assertNotBlockedFromChannel(
  hostId: string,
  userId: string,
  now: Date,
): Promise<void> {
  assertNotBlocked(await findChannelMember(hostId, userId), now);
}

/**
 * Changes a member of a stream or a channel. `decide` returns what to write, nothing if there is no
 * change, and is called again if the member changed in between.
 */
export async function changeMember(
  place: BanTarget,
  userId: string,
  decide: (member: Member | undefined) => Action[],
): Promise<void> {
  await retryOnConflict(async () => {
    const actions = decide(await findOwnMember(place, userId));
    const failed = actions.length === 0 ? undefined : await commitTransaction(actions);
    if (failed?.has("ban")) refuse("ban_lifted");
    return failed === undefined ? undefined : conflicted;
  });
}

/**
 * Sets or removes a member's ban under their revision. In a stream the sender's copy is changed
 * too, which the write that admits a message checks. In a channel the removed ban is recorded for
 * the streams that have to show its end.
 */
export function memberActions(
  place: BanTarget,
  userId: string,
  member: Member | undefined,
  ban: Member["ban"],
  now: Date,
): Action[] {
  const isSame =
    member?.revision === undefined ? "attribute_not_exists(revision)" : "revision = :was";
  const isLifted = "hostId" in place && ban == null && member?.ban != null;
  const set = `SET userId = :user, revision = :revision${isLifted ? ", lifted = :lifted" : ""}`;
  const change: Action = {
    label: "member",
    Update: {
      Key: memberKey(place, userId),
      UpdateExpression: ban == null ? `${set} REMOVE ban` : `${set}, ban = :ban`,
      ConditionExpression: isSame,
      ExpressionAttributeValues: {
        ":user": userId,
        ":revision": nextRevision(member, now),
        ...(ban != null && { ":ban": ban }),
        ...(isLifted && { ":lifted": shownBanOf(member.ban) }),
        ...(member?.revision !== undefined && { ":was": member.revision }),
      },
    },
  };
  return "streamId" in place ? [change, senderAction(place.streamId, userId, ban)] : [change];
}

function senderAction(streamId: string, userId: string, ban: Member["ban"]): Action {
  const set = "SET userId = :user";
  return {
    Update: {
      Key: key.sender(streamId, userId),
      // A ban outlives the sender's message data, which the table's TTL removes.
      UpdateExpression: ban == null ? `${set} REMOVE ban` : `${set}, ban = :ban REMOVE expiresAt`,
      ExpressionAttributeValues: { ":user": userId, ...(ban != null && { ":ban": ban }) },
    },
  };
}
