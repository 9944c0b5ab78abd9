import { refuse } from "../../../domain/refusal.ts";
import { nextRevision } from "../../../domain/streams/ban.ts";
import { Member } from "../../../domain/streams/member.ts";
import { decideAgain, overtaken } from "../../table/conflicts.ts";
import { getItem, type Reading } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import type { Action } from "../../table/transact.ts";

/** What the stream knows about a user; undefined for most. */
export async function findMember(
  streamId: string,
  userId: string,
  reading: Reading = {},
): Promise<Member | undefined> {
  return getItem(Member, key.member(streamId, userId), reading);
}

/**
 * Changes a member. `decide` answers what to write, none where nothing changes, and is asked again
 * when the member was changed in between.
 */
export async function changeMember(
  streamId: string,
  userId: string,
  decide: (member: Member | undefined) => Action[],
): Promise<void> {
  await decideAgain(async () => {
    const member = await findMember(streamId, userId, { consistent: true });
    const actions = decide(member);
    const failed = actions.length === 0 ? undefined : await record(actions);
    if (failed?.has("ban")) refuse("ban_lifted");
    return failed === undefined ? undefined : overtaken;
  });
}

/**
 * Sets or removes the member's ban under their revision, and the sender's copy of it with it: the
 * write that admits a message meets the ban there.
 */
export function memberActions(
  streamId: string,
  userId: string,
  member: Member | undefined,
  ban: Member["ban"],
  now: Date,
): Action[] {
  const isSame =
    member?.revision === undefined ? "attribute_not_exists(revision)" : "revision = :was";
  const values = { ":user": userId, ":revision": nextRevision(member, now) };
  const set = "SET userId = :user, revision = :revision";
  const banned = ban != null && { ":ban": ban };
  const change: Action = {
    label: "member",
    Update: {
      Key: key.member(streamId, userId),
      UpdateExpression: ban == null ? `${set} REMOVE ban` : `${set}, ban = :ban`,
      ConditionExpression: isSame,
      ExpressionAttributeValues: {
        ...values,
        ...banned,
        ...(member?.revision !== undefined && { ":was": member.revision }),
      },
    },
  };
  return [change, senderAction(streamId, userId, ban)];
}

function senderAction(streamId: string, userId: string, ban: Member["ban"]): Action {
  const set = "SET userId = :user";
  return {
    Update: {
      Key: key.sender(streamId, userId),
      // A ban outlives what is known of the sender's messages, which the table's TTL removes.
      UpdateExpression: ban == null ? `${set} REMOVE ban` : `${set}, ban = :ban REMOVE expiresAt`,
      ExpressionAttributeValues: { ":user": userId, ...(ban != null && { ":ban": ban }) },
    },
  };
}
