import type { GetCommand } from "@aws-sdk/lib-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { beforeEach, expect, test } from "@jest/globals";
import type { DynamoDBRecord } from "aws-lambda";
import { changedProfile } from "../../domain/people/profile-change.ts";
import { newId } from "../../platform/runtime/id.ts";
import { indexUser, queueNewUsers } from "../../platform/store/people/new-users.ts";
import { changeProfile, recordNewUser } from "../../platform/store/people/profile-changes.ts";
import { findByText } from "../../platform/store/people/user-index.ts";
import { findProfile, getProfiles } from "../../platform/store/people/users.ts";
import { key } from "../../platform/table/keys.ts";
import { table, useTable } from "../../platform/table/table.ts";
import { intercept } from "./intercept.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();
const now = new Date();

const queue = useQueue("USERS_QUEUE_URL");
/** The users in the messages since the last call. */
const takeUsers = () => queue.take().map(({ body }) => JSON.parse(body).userId as string);
beforeEach(() => void takeUsers());

/** A user at their first authenticated call. */
async function firstSeen(given_name: string) {
  const userId = newId(now);
  await recordNewUser(userId, { given_name }, now);
  return userId;
}

/** The record in the table's stream when a profile is written. */
async function recordOf(userId: string, old?: object): Promise<DynamoDBRecord> {
  const image = { ...key.profile(userId), ...(await findProfile(userId)) };
  const options = { removeUndefinedValues: true };
  return {
    eventName: old ? "MODIFY" : "INSERT",
    dynamodb: {
      NewImage: marshall(image, options),
      ...(old && { OldImage: marshall({ ...image, ...old }, options) }),
    },
  } as unknown as DynamoDBRecord;
}

test("a user's first call writes no search entry, so that none can block it", async () => {
  await firstSeen("Quentin");
  expect(await findByText("quentin", 10)).toEqual([]);
});

test("a new user is queued once, and a change of a known user is not", async () => {
  const [known, added] = [await firstSeen("Rosalind"), await firstSeen("Rosamund")];
  const records = [await recordOf(added), await recordOf(known, { name: "Rose" })];
  await queueNewUsers(records, now);
  expect(takeUsers()).toEqual([added]);
});

test("a mentioned user is queued when their own claims complete the profile", async () => {
  const userId = newId(now);
  await recordNewUser(userId, {}, now);
  await queueNewUsers([await recordOf(userId)], now);
  expect(takeUsers()).toEqual([]);
  await recordNewUser(userId, { given_name: "Sigrid" }, now);
  await queueNewUsers([await recordOf(userId, { mentioned: true })], now);
  expect(takeUsers()).toEqual([userId]);
});

test("a queued entry is found, however often it is queued", async () => {
  const userId = await firstSeen("Theodora");
  await indexUser({ userId });
  await indexUser({ userId });
  expect(await findByText("theod", 10)).toEqual([userId]);
});

test("a name changed before its search entry was written does not reappear", async () => {
  const userId = await firstSeen("Ulrike");
  const change = () =>
    changeProfile(
      { userId, claims: {} },
      (profile) =>
        changedProfile(profile, { name: "Veronika" }, now, { namesPerDay: 5, reserved: [] }),
      now,
    );
  const real = table();
  const send = async (command: GetCommand) => {
    const answer = await real.send(command);
    // The profile has been read, and is another one before its entries are written.
    useTable(real);
    await change();
    return answer;
  };
  useTable({ send } as unknown as typeof real);
  await indexUser({ userId });
  expect(await findByText("ulrike", 10)).toEqual([]);
  expect(await findByText("veronika", 10)).toEqual([userId]);
});

test("a missing user is not an error", async () => {
  await expect(indexUser({ userId: newId(now) })).resolves.toBeUndefined();
});

test("a user who has just signed up is known to calls that name them", async () => {
  await recordNewUser("early", {}, now);
  await recordNewUser("late", {}, now);
  /** Reads that are not consistent do not find the latest write yet. */
  const stop = intercept(async ({ name, input }, next) => {
    const answer = await next();
    if (name !== "BatchGetCommand" || /"ConsistentRead":true/.test(JSON.stringify(input)))
      return answer;
    const found = Object.entries(answer.Responses as Record<string, { userId?: unknown }[]>);
    const without = found.map(([of, items]) => [of, items.filter((one) => one.userId !== "late")]);
    return { ...answer, Responses: Object.fromEntries(without) };
  });
  try {
    expect([...(await getProfiles(["early", "late"])).keys()].sort()).toEqual(["early", "late"]);
    const refused = { code: "user_not_found" };
    await expect(getProfiles(["late", "nobody"])).rejects.toMatchObject(refused);
  } finally {
    stop();
  }
});
