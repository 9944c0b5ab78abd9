import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { changedProfile, type ProfileChange } from "../../domain/profile-change.ts";
import type { ProfileClaims } from "../../domain/user.ts";
import { newId } from "../../platform/id.ts";
import { table } from "../../platform/store/table.ts";
import {
  changeProfile,
  findProfile,
  getProfile,
  recordFirstSight,
} from "../../platform/store/users.ts";
import { startTable } from "./table.ts";

let stopTable: () => Promise<void>;
beforeAll(async () => {
  const { stop } = await startTable();
  stopTable = stop;
});
afterAll(() => stopTable());

const now = new Date();

function callerWith(claims: ProfileClaims = {}, userId = newId(now)) {
  return { userId, roles: [], claims, expiresAt: 0, tokenId: "" };
}

const change = (caller: ReturnType<typeof callerWith>, wish: ProfileChange) =>
  changeProfile(caller, (profile) => changedProfile(profile, wish, now), now);

test("changes of one profile in one millisecond are all kept", async () => {
  for (let round = 0; round < 10; round++) {
    const caller = callerWith();
    await recordFirstSight(caller.userId, {}, now);
    await Promise.all([
      change(caller, { name: "Ann" }),
      change(caller, { surname: "Bo" }),
      change(caller, { bio: "Sings" }),
      change(caller, { expertise: "musician" }),
      change(caller, { links: { x: "ann" } }),
    ]);
    expect(await findProfile(caller.userId, { consistent: true })).toMatchObject({
      ...{ name: "Ann", surname: "Bo", bio: "Sings", expertise: "musician", links: { x: "ann" } },
    });
  }
});

test("claims complete a profile that a mention made, and change none that its owner has changed", async () => {
  const [mentioned, changed] = [callerWith(), callerWith()];
  for (const { userId } of [mentioned, changed]) await recordFirstSight(userId, {}, now);
  await change(changed, { name: "Own" });
  for (const { userId } of [mentioned, changed])
    await recordFirstSight(userId, { given_name: "Claimed" }, now);
  expect(await findProfile(mentioned.userId)).toMatchObject({ name: "Claimed" });
  expect(await findProfile(changed.userId)).toMatchObject({ name: "Own" });
});

test("of two users who claim one username the first has it, and both have a profile", async () => {
  const preferred_username = `name-${newId(now)}`;
  const users = [callerWith(), callerWith()];
  await Promise.all(
    users.map(({ userId }) => recordFirstSight(userId, { preferred_username }, now)),
  );
  for (const { userId } of users)
    expect(await findProfile(userId)).toMatchObject({ username: preferred_username });
});

test("somebody who came a moment ago can be paid: a replica that has not heard of them is no answer", async () => {
  const { userId } = callerWith();
  await recordFirstSight(userId, {}, now);
  const name = "staleReplica";
  table().middlewareStack.add(
    (next, context) => async (args) => {
      const isStale =
        context.commandName === "GetItemCommand" &&
        (args.input as { ConsistentRead?: boolean }).ConsistentRead !== true;
      const answer = await next(args);
      if (isStale) Reflect.deleteProperty(answer.output as object, "Item");
      return answer;
    },
    { step: "initialize", name },
  );
  try {
    expect(await findProfile(userId)).toBeUndefined();
    expect(await getProfile(userId)).toMatchObject({ userId });
    await expect(getProfile(callerWith().userId)).rejects.toMatchObject({ code: "user_not_found" });
  } finally {
    table().middlewareStack.remove(name);
  }
});
