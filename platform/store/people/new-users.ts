import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { textsOf } from "../../../domain/people/search.ts";
import { Profile } from "../../../domain/people/user.ts";
import { sendAt } from "../../aws/queues.ts";
import { setting } from "../../runtime/env.ts";
import { conflicted, retryOnConflict } from "../../table/conflicts.ts";
import { type Item, unmarshallItem } from "../../table/items.ts";
import { key, readKey } from "../../table/keys.ts";
import { type Action, commitTransaction } from "../../table/transact.ts";
import { indexActions } from "./user-index.ts";
import { findProfile } from "./users.ts";

/** A user to be added to the search. */
export const NewUser = z.object({ userId: UserId });
type NewUser = z.infer<typeof NewUser>;

/**
 * Queues the search entries of users who are new, or whose own claims have completed a mention's
 * profile. Authorizers write profiles but no entries: the entries of one first letter share a
 * partition, and no sign-in may fail because that is busy.
 */
export async function queueNewUsers(records: readonly DynamoDBRecord[], now: Date): Promise<void> {
  for (const { dynamodb } of records) {
    const image = unmarshallItem(dynamodb?.NewImage);
    const old = unmarshallItem(dynamodb?.OldImage);
    if (image === undefined || !isNewToSearch(image, old)) continue;
    const message: NewUser = { userId: readKey(image).owner };
    await sendAt(setting("USERS_QUEUE_URL"), message, { at: now, now });
  }
}

function isNewToSearch(image: Item, old: Item | undefined): boolean {
  if (readKey(image).kind !== "profile") return false;
  const profile = Profile.safeParse(image).data;
  if (profile === undefined || profile.mentioned || textsOf(profile).length === 0) return false;
  return old === undefined || old.mentioned === true;
}

/**
 * Writes the entries by which the search finds a user, from the current profile. A profile that
 * changed meanwhile is read again: a text that is no longer theirs must not be restored.
 */
export async function indexUser({ userId }: NewUser): Promise<void> {
  await retryOnConflict(async () => {
    const profile = await findProfile(userId, { consistent: true });
    const entries = profile === undefined ? [] : indexActions(undefined, profile);
    if (profile === undefined || entries.length === 0) return undefined;
    const failed = await commitTransaction([unchanged(profile), ...entries]);
    return failed === undefined ? undefined : conflicted;
  });
}

const unchanged = ({ userId, updatedAt }: Profile): Action => ({
  ConditionCheck: {
    Key: key.profile(userId),
    ConditionExpression: "updatedAt = :was",
    ExpressionAttributeValues: { ":was": updatedAt },
  },
});
