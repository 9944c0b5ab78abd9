import type { DynamoDBRecord } from "aws-lambda";
import * as z from "zod";
import { UserId } from "../../../domain/id.ts";
import { textsOf } from "../../../domain/people/search.ts";
import { Profile } from "../../../domain/people/user.ts";
import { refuse } from "../../../domain/refusal.ts";
import { setting } from "../../env.ts";
import { key, readKey } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { type Item, plain } from "../../table/table.ts";
import { type Action, pause, triesMax } from "../../table/transact.ts";
import { startTimer } from "../../timers.ts";
import { indexActions } from "./user-index.ts";
import { findProfile } from "./users.ts";

/** A user whom the search is to find from now on. */
export const NewUser = z.object({ userId: UserId });
type NewUser = z.infer<typeof NewUser>;

/**
 * Asks for the search entries of users who were seen for the first time, or whose own claims have
 * completed what a mention made. Authorizers write profiles and no entries: those of a letter lie
 * in one partition, and nobody may be kept out because it is busy.
 */
export async function queueNewUsers(records: readonly DynamoDBRecord[], now: Date): Promise<void> {
  for (const { dynamodb } of records) {
    const [image, old] = [plain(dynamodb?.NewImage), plain(dynamodb?.OldImage)];
    if (image === undefined || !isFirst(image, old)) continue;
    const message: NewUser = { userId: readKey(image).owner };
    await startTimer(setting("USERS_QUEUE_URL"), message, { at: now, now });
  }
}

function isFirst(image: Item, old: Item | undefined): boolean {
  if (readKey(image).kind !== "profile") return false;
  const is = Profile.safeParse(image).data;
  if (is === undefined || is.mentioned || textsOf(is).length === 0) return false;
  return old === undefined || old.mentioned === true;
}

/**
 * Writes what the search finds a user by, as their profile is now. One that was changed meanwhile
 * is read again: a text that is theirs no longer must not come back.
 */
export async function indexUser({ userId }: NewUser): Promise<void> {
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const profile = await findProfile(userId, { consistent: true });
    const entries = profile === undefined ? [] : indexActions(undefined, profile);
    if (profile === undefined || entries.length === 0) return;
    const failed = await record([unchanged(profile), ...entries]);
    if (failed === undefined) return;
    await pause(attempt);
  }
  refuse("unavailable");
}

const unchanged = ({ userId, updatedAt }: Profile): Action => ({
  ConditionCheck: {
    Key: key.profile(userId),
    ConditionExpression: "updatedAt = :was",
    ExpressionAttributeValues: { ":was": updatedAt },
  },
});
