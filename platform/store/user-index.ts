import { createHash, randomBytes } from "node:crypto";
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { UserId } from "../../domain/id.ts";
import { textsOf } from "../../domain/search.ts";
import type { Profile } from "../../domain/user.ts";
import { type Key, key } from "./keys.ts";
import { queryItems } from "./query.ts";
import { record } from "./record.ts";
import { read, table, tableName } from "./table.ts";
import type { Action } from "./transact.ts";

const Entry = z.object({ userId: UserId });

/** Gives a username to a user if nobody else has it; its label is `username`. */
export const holdUsername = (userId: string, username: string): Action => ({
  label: "username",
  Put: {
    Item: { ...key.username(username.toLowerCase()), userId },
    ConditionExpression: "attribute_not_exists(PK) OR userId = :user",
    ExpressionAttributeValues: { ":user": userId },
  },
});

/** Lets others have the username that was this user's, if it was theirs and is no longer. */
export async function releaseUsername(was: Profile, is: Profile): Promise<void> {
  const isSame = was.username.toLowerCase() === is.username.toLowerCase();
  if (isSame || was.username === "") return;
  await record([
    {
      Delete: {
        Key: key.username(was.username.toLowerCase()),
        ConditionExpression: "userId = :user",
        ExpressionAttributeValues: { ":user": is.userId },
      },
    },
  ]);
}

/** Who holds a username, whatever its case. */
export async function findHolder(username: string): Promise<string | undefined> {
  const { Item } = await table().send(
    new GetCommand({
      TableName: tableName(),
      Key: key.username(username.toLowerCase()),
      ConsistentRead: true,
    }),
  );
  return Item && read(Entry, Item).userId;
}

/** What the search finds a user by: an entry for each text, and one for questions without any. */
function entriesOf(profile: Profile | undefined): Map<string, Key> {
  if (profile === undefined) return new Map();
  const { userId } = profile;
  const texts = textsOf(profile);
  if (texts.length === 0) return new Map();
  const hash = createHash("sha256").update(userId).digest("hex").slice(0, 8);
  const keys = [key.anybody(hash, userId), ...texts.map((text) => key.searchText(text, userId))];
  return new Map(keys.map((entry) => [`${entry.PK} ${entry.SK}`, entry]));
}

/** What changes in the search when a profile does. */
export function indexActions(was: Profile | undefined, is: Profile): Action[] {
  const [before, after] = [entriesOf(was), entriesOf(is)];
  const added = [...after].filter(([name]) => !before.has(name));
  const gone = [...before].filter(([name]) => !after.has(name));
  return [
    ...added.map(([, entry]) => ({ Put: { Item: { ...entry, userId: is.userId } } })),
    ...gone.map(([, entry]) => ({ Delete: { Key: entry } })),
  ];
}

/**
 * Users one of whose texts begins with the question, each once; at most `limit` entries are read.
 */
export async function findByText(question: string, limit: number): Promise<string[]> {
  const from = key.searchText(question, "");
  const items = await queryItems(from, question, { limit });
  return [...new Set(items.map((item) => read(Entry, item).userId))];
}

/** Some users, others at each call. */
export async function findAnybody(limit: number): Promise<string[]> {
  const start = key.anybody(randomBytes(4).toString("hex"), "");
  const behind = await queryItems(start, "", { limit, after: start.SK });
  const items =
    behind.length < limit
      ? [...behind, ...(await queryItems(start, "", { limit: limit - behind.length }))]
      : behind;
  return [...new Set(items.map((item) => read(Entry, item).userId))];
}
