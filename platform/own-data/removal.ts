import { forfeit, forfeitableMax, type Wallet } from "../../domain/money/wallet.ts";
import type { Profile } from "../../domain/people/user.ts";
import { refuse } from "../../domain/refusal.ts";
import { forgetPicture } from "../pictures.ts";
import { sumPending } from "../store/money/due.ts";
import { commit, findWallet } from "../store/money/wallets.ts";
import { indexActions } from "../store/people/user-index.ts";
import { findProfile } from "../store/people/users.ts";
import { listHosted } from "../store/streams/stream-lists.ts";
import { findStreams } from "../store/streams/streams.ts";
import { key } from "../table/keys.ts";
import type { Action } from "../table/transact.ts";

/** What a user wants who leaves: `isForfeit` lets the credits go that are left. */
type Leaving = { userId: string; isForfeit: boolean; now: Date };

/**
 * Removes a user in one transaction: profile, username and search entries go, the credits that
 * are left leave as a payout, and an erasure is noted for all that lies elsewhere. Refuses with
 * `account_in_use` while credits are on their way or owed, an own stream is live, or credits are
 * left that are not forfeit.
 */
export async function removeUser({ userId, isForfeit, now }: Leaving): Promise<void> {
  await assertIdle(userId);
  let profile = await findProfile(userId, { consistent: true });
  const at = now.toISOString();
  await commit(
    [await findWallet(userId)],
    ([found]) => {
      const wallet = found!;
      assertEmpty(wallet, isForfeit);
      const draft = forfeit(wallet, at);
      const { seq } = draft.after;
      const actions = [
        { Put: { Item: { ...key.erasure(userId), userId, at, seq, step: 0 } } },
        ...(wallet.balance === 0 ? [] : [referenceAction(wallet, at)]),
        ...(profile === undefined ? [] : profileActions(profile)),
      ];
      return { drafts: [draft], actions, reply: { answer: undefined, remember: [] } };
    },
    async () => {
      profile = await findProfile(userId, { consistent: true });
    },
  );
}

async function assertIdle(userId: string): Promise<void> {
  const [pending, hosted] = await Promise.all([sumPending(userId), listHosted(userId)]);
  if (pending > 0)
    refuse("account_in_use", { problem: `${pending} credits are still on their way to you` });
  const live = hosted.filter(({ status }) => status === "active");
  const streams = await findStreams(live.map(({ streamId }) => streamId));
  if (streams.some(({ status }) => status === "active"))
    refuse("account_in_use", { problem: "Your stream is active: end it first" });
}

function assertEmpty({ balance, owed }: Wallet, isForfeit: boolean): void {
  if (owed > 0) refuse("account_in_use", { problem: `You owe ${owed} credits` });
  if (balance > 0 && !isForfeit)
    refuse("account_in_use", {
      problem: `You have ${balance} credits: spend them, or delete with forfeit=true`,
    });
  if (balance > forfeitableMax)
    refuse("account_in_use", { problem: `At most ${forfeitableMax} credits can be forfeit` });
}

/** All that was ever forfeit under this reference: the audit matches the payouts with it. */
const referenceAction = ({ userId, balance }: Wallet, at: string): Action => ({
  Update: {
    Key: key.reference(userId, "forfeit"),
    UpdateExpression: "SET #type = :type, occurredAt = :at ADD amount :amount",
    ExpressionAttributeNames: { "#type": "type" },
    ExpressionAttributeValues: { ":type": "payout", ":at": at, ":amount": balance },
  },
});

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
