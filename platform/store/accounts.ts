import { Profile, profileOf } from "../../domain/user.ts";
import { key } from "./keys.ts";
import { record } from "./record.ts";
import { read } from "./table.ts";
import { findProfiles } from "./users.ts";

/**
 * The profiles of at most 100 accounts of the Tencent side, in their order. Accounts and users are one
 * namespace, and an account that is mentioned becomes known.
 */
export async function getAccounts(accounts: readonly string[], now: Date): Promise<Profile[]> {
  const known = await findProfiles(accounts);
  return Promise.all(accounts.map((account) => known.get(account) ?? recordMention(account, now)));
}

/** Makes an account known; a profile that was there all the same is returned as it is. */
async function recordMention(account: string, now: Date): Promise<Profile> {
  const profile = profileOf(account, {}, now);
  const failed = await record([
    {
      label: "profile",
      Put: {
        Item: { ...key.profile(account), ...profile },
        ConditionExpression: "attribute_not_exists(PK)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      },
    },
  ]);
  const there = failed?.get("profile");
  return there === undefined ? profile : read(Profile, there);
}
