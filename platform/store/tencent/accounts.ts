import { type Profile, profileOf } from "../../../domain/people/user.ts";
import { newProfileAction, recordNewUser } from "../people/profile-changes.ts";
import { findKnown, findProfile, findProfiles, getProfile } from "../people/users.ts";

/**
 * Makes at most 100 accounts of the Tencent API known and returns their profiles, in their order.
 * Accounts and users are one namespace. Only for calls that nothing refuses any more: a typing
 * error in a refused call must stay unknown, or it could receive credits.
 */
export async function recordAccounts(accounts: readonly string[], now: Date): Promise<Profile[]> {
  const known = await findProfiles(accounts);
  return Promise.all(accounts.map((account) => known.get(account) ?? recordMention(account, now)));
}

/**
 * The profile of an account, with the action that makes an unknown one known (label `profile`): for
 * a transaction that may still be refused.
 */
export async function findAccount(account: string, now: Date) {
  const known = await findKnown(account);
  const profile = known ?? showUnknown(account, now);
  return { profile, mention: known === undefined ? [newProfileAction(profile)] : [] };
}

/**
 * The profiles of at most 100 accounts that receive credits, in their order. A typing error must
 * not send money to nobody: refuses with `user_not_found` if one is unknown.
 */
export async function getKnownAccounts(accounts: readonly string[]): Promise<Profile[]> {
  const known = await findProfiles(accounts);
  return Promise.all(accounts.map((account) => known.get(account) ?? getProfile(account)));
}

/** An account that nobody knows, as a gift without credits shows it. */
export const showUnknown = (account: string, now: Date): Profile => profileOf(account, {}, now);

/**
 * At most 100 accounts as a gift without credits shows them, in their order. Unknown ones stay
 * unknown, so that no later gift sends credits to them by mistake.
 */
export async function showAccounts(accounts: readonly string[], now: Date): Promise<Profile[]> {
  const known = await findProfiles(accounts);
  return accounts.map((account) => known.get(account) ?? showUnknown(account, now));
}

/** Makes an account known; if its profile exists after all, returns that unchanged. */
async function recordMention(account: string, now: Date): Promise<Profile> {
  await recordNewUser(account, {}, now);
  const profile = await findProfile(account, { consistent: true });
  if (profile === undefined) throw new Error(`The account ${account} was recorded but is missing`);
  return profile;
}
