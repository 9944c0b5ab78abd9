import type { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { makeBan } from "../../../domain/streams/ban.ts";
import { namesAtBan } from "../../../domain/streams/display-names.ts";
import { activeBan } from "../../../domain/streams/member.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { decideBan, endOf, type RoomBan } from "../../../domain/tencent/room-ban.ts";
import { banActions, liftActions, unbanAction } from "../streams/bans.ts";
import { changeMember, memberActions } from "../streams/members.ts";

/** Who bans, when, and how ids are made. */
type Acting = { by: string; now: Date; newId: () => string };

/**
 * Mutes or bans members of a room, or lifts that; each member in a separate transaction, so that a
 * call that failed in between can be repeated. Refuses with `ban_of_host` before it changes
 * anything.
 */
export async function changeRoomBans(
  stream: Stream,
  targets: readonly Profile[],
  request: RoomBan,
  acting: Acting,
): Promise<void> {
  if (request.seconds > 0 && targets.some(({ userId }) => userId === stream.hostId))
    refuse("ban_of_host");
  await Promise.all(targets.map((target) => changeBan(stream, target, request, acting)));
}

async function changeBan(
  stream: Stream,
  target: Profile,
  request: RoomBan,
  { by, now, newId }: Acting,
): Promise<void> {
  const id = newId();
  const place = { streamId: stream.id };
  await changeMember(place, target.userId, (member) => {
    const change = decideBan(request, member, now);
    if (change === "none") return [];
    // An expired ban has ended already, and is not lifted now.
    const current = activeBan(member, now);
    const lifted = current ? liftActions(stream.hostId, current.id, by, now) : [];
    const unbanned = current ? [unbanAction(stream.id, target.userId, current, by, now)] : [];
    const set = (ban: Parameters<typeof memberActions>[3]) =>
      memberActions(place, target.userId, member, ban, now);
    if (change === "lift") return [...set(undefined), ...lifted, ...unbanned];
    const { actionType } = request;
    const endsAt = endOf(request, now);
    const ban = makeBan(request, { id, stream, target, by, now, endsAt });
    const names = namesAtBan(target, member, now);
    const active = { id, actionType, endsAt, by, reason: ban.reason, names };
    return [...set(active), ...lifted, ...banActions(ban)];
  });
}
