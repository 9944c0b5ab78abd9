import { BatchGetCommand, GetCommand } from "@aws-sdk/lib-dynamodb";
import { changedProfile, type ProfileChange } from "../../domain/profile-change.ts";
import { refuse } from "../../domain/refusal.ts";
import {
  Profile,
  type ProfileClaims,
  profileOf,
  summaryOf,
  type UserSummary,
} from "../../domain/user.ts";
import type { Caller } from "../caller.ts";
import { setting } from "../env.ts";
import { key } from "./keys.ts";
import { record } from "./record.ts";
import { read, table, tableName } from "./table.ts";
import { type Action, pause, triesMax } from "./transact.ts";

/** The stored profile, if the user is known; `consistent` costs twice and sees every write before. */
export async function findProfile(
  userId: string,
  { consistent = false } = {},
): Promise<Profile | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.profile(userId),
      ConsistentRead: consistent,
    }),
  );
  return Item && read(Profile, Item);
}

/** The profile of a known user; refuses with `user_not_found`. */
export async function getProfile(userId: string): Promise<Profile> {
  return (await findProfile(userId)) ?? refuse("user_not_found", { userId });
}

/** The caller's own profile: what is stored, or what their token says where a read comes too early. */
export const getCallerProfile = async (caller: Caller, now: Date): Promise<Profile> =>
  (await findProfile(caller.userId)) ?? profileOf(caller.userId, caller.claims, now);

/** Profiles of at most 100 users; those who are unknown are left out. */
export async function findProfiles(userIds: readonly string[]): Promise<Map<string, Profile>> {
  const profiles = new Map<string, Profile>();
  const distinct = [...new Set(userIds)];
  if (distinct.length > 100) throw new Error("At most 100 profiles at once");
  let Keys = distinct.map((userId) => key.profile(userId));
  while (Keys.length > 0) {
    const request = { RequestItems: { [tableName()]: { Keys } } };
    const { Responses, UnprocessedKeys } = await table().send(new BatchGetCommand(request));
    for (const item of Responses?.[tableName()] ?? []) {
      const profile = read(Profile, item);
      profiles.set(profile.userId, profile);
    }
    Keys = (UnprocessedKeys?.[tableName()]?.Keys ?? []) as typeof Keys;
  }
  return profiles;
}

/** What every place shows of a user, with the stage's default picture where they have none. */
export const summary = (profile: Profile): UserSummary =>
  summaryOf(profile, setting("DEFAULT_PICTURE"));

/** Users whose profile this process has seen written, so that it is written once. */
const seen = new Set<string>();
const seenMax = 10_000;

/**
 * Records a user who is seen for the first time; a profile that is there stays as it is, but for one
 * that was made by a mention (a top-up, a Tencent account), which the user's own claims complete.
 * The claimed username becomes theirs to be found by, if nobody has it yet.
 */
export async function recordFirstSight(
  userId: string,
  claims: ProfileClaims,
  now: Date,
): Promise<void> {
  const profile = profileOf(userId, claims, now);
  const mark = `${profile.mentioned ? "mentioned" : "seen"} ${userId}`;
  if (seen.has(mark)) return;
  const made: Action = {
    label: "profile",
    Put: {
      Item: { ...key.profile(userId), ...profile },
      ConditionExpression: profile.mentioned
        ? "attribute_not_exists(PK)"
        : "attribute_not_exists(PK) OR mentioned = :true",
      ...(!profile.mentioned && { ExpressionAttributeValues: { ":true": true } }),
    },
  };
  const named = profile.username === "" ? [] : [holdUsername(userId, profile.username)];
  const failed = await record([made, ...named]);
  if (failed?.has("username") && !failed.has("profile")) await record([made]);
  if (seen.size >= seenMax) seen.clear();
  seen.add(mark);
}

/** Gives a username to a user if nobody else has it; its label is `username`. */
export const holdUsername = (userId: string, username: string): Action => ({
  label: "username",
  Put: {
    Item: { ...key.username(username.toLowerCase()), userId },
    ConditionExpression: "attribute_not_exists(PK) OR userId = :user",
    ExpressionAttributeValues: { ":user": userId },
  },
});

/** Changes the caller's own profile on what is there, and again when somebody else was faster. */
export async function changeProfile(
  caller: Caller,
  change: ProfileChange,
  now: Date,
): Promise<Profile> {
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const stored = await findProfile(caller.userId, { consistent: true });
    const profile = stored ?? profileOf(caller.userId, caller.claims, now);
    const changed = changedProfile(profile, change, now);
    if ((await record([replaceProfile(stored, changed)])) === undefined) return changed;
    await pause(attempt);
  }
  return refuse("unavailable");
}

/** Puts a profile in the place of the one that was read. */
export const replaceProfile = (was: Profile | undefined, profile: Profile): Action => ({
  label: "profile",
  Put: {
    Item: { ...key.profile(profile.userId), ...profile },
    ...(was === undefined
      ? { ConditionExpression: "attribute_not_exists(PK)" }
      : {
          ConditionExpression: "updatedAt = :was",
          ExpressionAttributeValues: { ":was": was.updatedAt },
        }),
  },
});
