import { forfeit, forfeitableMax, type Wallet } from "../../domain/money/wallet.ts";
import type { Profile } from "../../domain/people/user.ts";
import { refuse } from "../../domain/refusal.ts";
import { forgetPicture } from "../pictures/pictures.ts";
import { indexLagMilliseconds, sumHeld, sumPending, sumPendingIn } from "../store/money/due.ts";
import { hasHeldContribution } from "../store/money/fundings.ts";
import { commit, findWallet, forfeitActions } from "../store/money/wallets.ts";
import { indexActions } from "../store/people/user-index.ts";
import { findProfile } from "../store/people/users.ts";
import { walkHosted } from "../store/streams/stream-lists.ts";
import { conflicted, retryOnConflict } from "../table/conflicts.ts";
import { updateIf } from "../table/items.ts";
import { key } from "../table/keys.ts";
import type { Action } from "../table/transact.ts";

/** A user's request to leave: `isForfeit` gives up the remaining credits. */
type Leaving = { userId: string; isForfeit: boolean; now: Date };

/** Thrown through `commit` if the wallet changed after the checks. */
class Moved extends Error {}

/**
 * Removes a user in one transaction: profile, username and search entries are deleted, the
 * remaining credits leave as a payout, and an erasure is noted for all data elsewhere. Refuses with
 * `account_in_use` while credits are pending or owed, one of the user's streams is live, or credits
 * are left that are not forfeited.
 */
export async function removeUser({ userId, isForfeit, now }: Leaving): Promise<void> {
  const begun = Date.now();
  const clock = () => new Date(now.getTime() + Date.now() - begun);
  await retryOnConflict(async () => {
    // Read first: gifts that the user sends meanwhile, and all else that prevents leaving, change
    // the wallet's revision.
    const wallet = await findWallet(userId);
    await assertIdle(userId, now);
    return removeIdle(wallet, isForfeit, clock);
  });
  await moveLeaving(userId, clock().toISOString());
}

/**
 * Moves the time of the deletion to its end, so that gifts and data of the meantime do not go to
 * the next user of the sub: such gifts are forfeited, and the erasure starts over and includes the
 * data.
 */
async function moveLeaving(userId: string, at: string): Promise<void> {
  await updateIf({
    Key: key.wallet(userId),
    UpdateExpression: "SET leftAt = :at",
    ConditionExpression: "leftAt < :at",
    ExpressionAttributeValues: { ":at": at },
  });
  await updateIf({
    Key: key.erasure(userId),
    UpdateExpression: "SET #at = :at, step = :first REMOVE #after, again",
    ConditionExpression: "#at < :at",
    ExpressionAttributeNames: { "#at": "at", "#after": "after" },
    ExpressionAttributeValues: { ":at": at, ":first": 0 },
  });
}

async function removeIdle(idle: Wallet, isForfeit: boolean, clock: () => Date) {
  const { userId } = idle;
  let profile = await findProfile(userId, { consistent: true });
  const removed = commit(
    [idle],
    ([wallet]) => {
      if (wallet.revision !== idle.revision) throw new Moved();
      // Not the time of the call: a gift that was sent after the call began is for this user, too.
      const at = clock().toISOString();
      assertEmpty(wallet, isForfeit);
      const draft = forfeit(wallet, at);
      const { seq } = draft.after;
      const actions = [
        { Put: { Item: { ...key.erasure(userId), userId, at, seq, step: 0 } } },
        ...forfeitActions(draft),
        ...(profile === undefined ? [] : profileActions(profile)),
      ];
      return { drafts: [draft], actions, reply: { answer: undefined, remember: [] } };
    },
    async () => {
      profile = await findProfile(userId, { consistent: true });
    },
  );
  return removed.catch((error: unknown) => {
    if (error instanceof Moved) return conflicted;
    throw error;
  });
}

async function assertIdle(userId: string, now: Date): Promise<void> {
  // The index lags behind the gifts, so gifts of streams that have just ended are read directly.
  const from = new Date(now.getTime() - indexLagMilliseconds);
  const ended: string[] = [];
  let isActive = false;
  for await (const { streamId, status, endedAt } of walkHosted(userId)) {
    isActive ||= status === "active";
    if (endedAt !== null && endedAt >= from.toISOString()) ended.push(streamId);
  }
  assertNothingPending(await sumPending(userId));
  const held = await sumHeld(userId);
  if (held > 0)
    refuse("account_in_use", { problem: `${held} credits of a gift are not decided: try again` });
  if (await hasHeldContribution(userId))
    refuse("account_in_use", { problem: "Credits that you contributed to a stream are held" });
  if (isActive) refuse("account_in_use", { problem: "Your stream is active: end it first" });
  for (const streamId of ended) assertNothingPending(await sumPendingIn(streamId, userId, from));
}

function assertNothingPending(credits: number): void {
  if (credits > 0)
    refuse("account_in_use", { problem: `${credits} credits are still on their way to you` });
}

function assertEmpty({ balance, owed }: Wallet, isForfeit: boolean): void {
  if (owed > 0) refuse("account_in_use", { problem: `You owe ${owed} credits` });
  if (balance > 0 && !isForfeit)
    refuse("account_in_use", {
      problem: `You have ${balance} credits: spend them, or delete with forfeit=true`,
    });
  if (balance > forfeitableMax)
    refuse("account_in_use", { problem: `At most ${forfeitableMax} credits can be forfeited` });
}

function profileActions(profile: Profile): Action[] {
  const { userId, username, updatedAt } = profile;
  const gone = { ...profile, username: "", name: "", surname: "" };
  const own: Action = {
    label: "profile",
    Delete: {
      Key: key.profile(userId),
      ConditionExpression: "updatedAt = :was",
      ExpressionAttributeValues: { ":was": updatedAt },
    },
  };
  const name: Action = {
    label: "username",
    Delete: {
      Key: key.username(username.toLowerCase()),
      ConditionExpression: "attribute_not_exists(PK) OR userId = :user",
      ExpressionAttributeValues: { ":user": userId },
    },
  };
  const names = username === "" ? [] : [name];
  return [own, ...names, ...indexActions(profile, gone), ...forgetPicture(profile.pictureId)];
}
