import type { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { makeBan } from "../../../domain/streams/ban.ts";
import { namesAtBan } from "../../../domain/streams/display-names.ts";
import { bansOf, storedBan, stricterOf } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { endOf, type RoomBan } from "../../../domain/tencent/room-ban.ts";
import { banActions, liftActions, unbanAction } from "../streams/bans.ts";
import { changeMember, memberActions } from "../streams/members.ts";
import { recordAccounts } from "./accounts.ts";

/** Who bans, when, and how ids are made. */
type Acting = { by: string; now: Date; newId: () => string };

/**
 * Mutes or bans members of a room, who become known, or lifts their bans of that kind; each member
 * in a separate transaction, so that a call that failed in between can be repeated. Refuses with
 * `ban_of_host` before it changes anything.
 */
export async function changeRoomBans(
  stream: Stream,
  accounts: readonly string[],
  request: RoomBan,
  acting: Acting,
): Promise<void> {
  if (request.seconds === 0) {
    const lift = (account: string) => liftBan(stream, account, request, acting);
    await Promise.all(accounts.map(lift));
    return;
  }
  if (accounts.includes(stream.hostId)) refuse("ban_of_host");
  const targets = await recordAccounts(accounts, acting.now);
  await Promise.all(targets.map((target) => setBan(stream, target, request, acting)));
}

/**
 * Lifts a member's ban of the requested kind, if any; reads no profile, so nobody becomes known.
 */
async function liftBan(
  stream: Stream,
  account: string,
  { actionType }: RoomBan,
  { by, now }: Acting,
): Promise<void> {
  const place = { streamId: stream.id };
  await changeMember(place, account, (member) => {
    // An expired ban has ended already, and is not lifted now.
    const bans = bansOf(member, now);
    const current = bans[actionType];
    if (current === undefined) return [];
    const left = storedBan({ ...bans, [actionType]: undefined });
    return [
      ...memberActions(place, account, member, left, now),
      ...liftActions(stream.hostId, current.id, by, now),
      unbanAction(stream.id, account, current, by, now),
    ];
  });
}

/**
 * Sets a member's ban. It replaces one of its kind that ends earlier; one that ends later stays, so
 * that no call weakens a ban. A mute and a block are independent of each other.
 */
async function setBan(
  stream: Stream,
  target: Profile,
  request: RoomBan,
  { by, now, newId }: Acting,
): Promise<void> {
  const id = newId();
  const place = { streamId: stream.id };
  const { actionType } = request;
  const endsAt = endOf(request, now);
  const ban = makeBan(request, { id, stream, target, by, now, endsAt });
  await changeMember(place, target.userId, (member) => {
    const bans = bansOf(member, now);
    const current = bans[actionType];
    const names = namesAtBan(target, member, now);
    const set = { id, actionType, endsAt, by, reason: ban.reason, names };
    if (current !== undefined && stricterOf(current, set) === current) return [];
    const stored = storedBan({ ...bans, [actionType]: set });
    return [
      ...memberActions(place, target.userId, member, stored, now),
      ...(current ? liftActions(stream.hostId, current.id, by, now) : []),
      ...banActions(ban),
    ];
  });
}
