import { describe, expect, test } from "@jest/globals";
import { changedProfile, type ProfileChange } from "../../domain/people/profile-change.ts";
import { type ProfileClaims, profileRevision } from "../../domain/people/user.ts";
import { handler as getMe } from "../../functions/people/users/get-me.ts";
import { handler as changeChannel } from "../../functions/streams/channel/change.ts";
import { handler as changeSettings } from "../../functions/streams/chat/change-settings.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import { newId } from "../../platform/runtime/id.ts";
import { changeProfile, recordNewUser } from "../../platform/store/people/profile-changes.ts";
import { nameUser, rename } from "../../platform/store/people/rename.ts";
import { findByUsername } from "../../platform/store/people/user-index.ts";
import { findProfile, getCallerProfile, getProfile } from "../../platform/store/people/users.ts";
import { getRawItem } from "../../platform/table/items.ts";
import { key } from "../../platform/table/keys.ts";
import { tableName } from "../../platform/table/table.ts";
import { callEndpoint } from "./api-call.ts";
import { intercept } from "./intercept.ts";
import { atEachRequest, between } from "./interleaving.ts";
import { useOwnTable } from "./table.ts";
import { makeStream, makeUser } from "./wallet-people.ts";

useOwnTable();

const now = new Date();
const limits = { namesPerDay: 5, reserved: ["admin", "support"] };

function callerWith(claims: ProfileClaims = {}, userId = newId(now)) {
  return { userId, roles: [], claims, expiresAt: 0, issuedAt: 0, tokenId: "" };
}

const change = (caller: ReturnType<typeof callerWith>, wish: ProfileChange) =>
  changeProfile(caller, (profile) => changedProfile(profile, wish, now, limits), now);

test("two concurrent changes of a profile are both kept", () =>
  atEachRequest(async () => {
    const caller = callerWith();
    await recordNewUser(caller.userId, {}, now);
    return {
      act: () => change(caller, { name: "Ann" }),
      meanwhile: () => change(caller, { surname: "Bo" }),
      check: async () =>
        expect(await findProfile(caller.userId, { consistent: true })).toMatchObject({
          name: "Ann",
          surname: "Bo",
        }),
    };
  }));

test("changes of one profile in one millisecond are all kept", async () => {
  for (let round = 0; round < 2; round++) {
    const caller = callerWith();
    await recordNewUser(caller.userId, {}, now);
    await Promise.all([
      change(caller, { name: "Ann" }),
      change(caller, { surname: "Bo" }),
      change(caller, { bio: "Sings" }),
      change(caller, { expertise: "musician" }),
      change(caller, { links: { x: "ann" } }),
    ]);
    expect(await findProfile(caller.userId, { consistent: true })).toMatchObject({
      name: "Ann",
      surname: "Bo",
      bio: "Sings",
      expertise: "musician",
      links: { x: "ann" },
    });
  }
});

test("a staff name is refused if it is new", async () => {
  const caller = callerWith();
  await recordNewUser(caller.userId, {}, now);
  const refused = { code: "request_invalid" };
  await expect(change(caller, { name: "Süpport" })).rejects.toMatchObject(refused);
  await change(caller, { name: "Ann", surname: "Support" });
  await expect(change(caller, { name: "" })).rejects.toMatchObject(refused);
  expect(await findProfile(caller.userId)).toMatchObject({ name: "Ann", surname: "Support" });
  const byAdmin = { ...limits, reserved: [] };
  const named = (profile: Parameters<typeof changedProfile>[0]) =>
    changedProfile(profile, { name: "" }, now, byAdmin);
  await changeProfile(caller, named, now);
  await change(caller, { bio: "Helps" });
  expect(await findProfile(caller.userId)).toMatchObject({ name: "", bio: "Helps" });
});

test("names change as often in a day as the stage allows, and other fields at any time", async () => {
  const caller = callerWith({ given_name: "Ann" });
  await recordNewUser(caller.userId, caller.claims, now);
  const at = (hours: number) => new Date(now.getTime() + hours * 3_600_000);
  const fewer = { ...limits, namesPerDay: 4 };
  const call = (wish: ProfileChange, hours: number) =>
    changeProfile(caller, (was) => changedProfile(was, wish, at(hours), fewer), at(hours));
  for (const name of ["a", "b", "c", "d"]) await call({ name }, 0);
  const early = await call({ name: "e" }, 5.5).catch((error: unknown) => error);
  expect(early).toMatchObject({ code: "too_many_requests", retryAfterSeconds: 1800 });
  await expect(call({ surname: "e" }, 5.5)).rejects.toMatchObject({ code: "too_many_requests" });
  await call({ bio: "Sings", name: "d" }, 5.5);
  await call({ name: "e" }, 6);
  await expect(call({ name: "f" }, 6)).rejects.toMatchObject({ code: "too_many_requests" });
  for (const name of ["g", "h", "i", "j"]) await call({ name }, 48);
  await expect(call({ name: "k" }, 48)).rejects.toMatchObject({ retryAfterSeconds: 6 * 3600 });
  expect(await findProfile(caller.userId)).toMatchObject({ name: "j", bio: "Sings" });
});

test("claims complete a profile that a mention created, and never one that its owner has changed", async () => {
  const [mentioned, changed] = [callerWith(), callerWith()];
  for (const { userId } of [mentioned, changed]) await recordNewUser(userId, {}, now);
  await change(changed, { name: "Own" });
  for (const { userId } of [mentioned, changed])
    await recordNewUser(userId, { given_name: "Claimed" }, now);
  expect(await findProfile(mentioned.userId)).toMatchObject({ name: "Claimed" });
  expect(await findProfile(changed.userId)).toMatchObject({ name: "Own" });
});

test("one of two users who claim one username concurrently gets it, and both have a profile", async () => {
  const preferred_username = `name-${newId(now)}`;
  const users = [callerWith(), callerWith()];
  await Promise.all(users.map(({ userId }) => recordNewUser(userId, { preferred_username }, now)));
  const profiles = await Promise.all(users.map(({ userId }) => findProfile(userId)));
  const names = profiles.map((profile) => profile!.username);
  expect(names.sort()).toEqual(["", preferred_username]);
  const holder = profiles.find((profile) => profile!.username !== "")!.userId;
  expect((await findByUsername(preferred_username.toUpperCase(), now))?.userId).toBe(holder);
});

test("a username that was given up leads to its former owner for 90 days, and is then free", async () => {
  const username = `old-${newId(now)}`;
  const [before, after] = [callerWith({ preferred_username: username }), callerWith()];
  for (const { userId, claims } of [before, after]) await recordNewUser(userId, claims, now);
  await rename(before, before.userId, `new-${newId(now)}`, now);
  const day = 24 * 3600 * 1000;
  const [soon, late] = [new Date(now.getTime() + 89 * day), new Date(now.getTime() + 91 * day)];
  const take = (at: Date) => rename(after, after.userId, username.toUpperCase(), at);
  await expect(take(soon)).rejects.toMatchObject({ code: "username_taken" });
  expect((await findByUsername(username, soon))?.userId).toBe(before.userId);
  expect((await findByUsername(username, late))?.userId).toBeUndefined();
  expect(await take(late)).toMatchObject({ username: username.toUpperCase() });
  expect((await findByUsername(username, late))?.userId).toBe(after.userId);
  // The new holder keeps it; the former holder cannot get it back.
  const year = new Date(now.getTime() + 400 * day);
  expect((await findByUsername(username, year))?.userId).toBe(after.userId);
  await expect(rename(before, before.userId, username, year)).rejects.toMatchObject({
    code: "username_taken",
  });
});

test("a new user with the sub of a deleted one is not found by the usernames of the other", async () => {
  const [first, second] = [`first-${newId(now)}`, `second-${newId(now)}`];
  const caller = callerWith({ preferred_username: first });
  await recordNewUser(caller.userId, caller.claims, now);
  await rename(caller, caller.userId, second, now);
  expect(await findByUsername(first, now)).toMatchObject({ username: second });
  await removeUser({ userId: caller.userId, isForfeit: true, now });
  expect([await findByUsername(first, now), await findByUsername(second, now)]).toEqual([
    undefined,
    undefined,
  ]);
  const later = new Date(now.getTime() + 2_000);
  await recordNewUser(caller.userId, { given_name: "New" }, later);
  expect(await findByUsername(first, later)).toBeUndefined();
  // The name is still reserved for this sub, which no other user can have.
  expect(await rename(caller, caller.userId, first, later)).toMatchObject({ username: first });
  expect(await findByUsername(first, later)).toMatchObject({ name: "New" });
});

test("a user who returns to an earlier username of theirs keeps it", async () => {
  const username = `mine-${newId(now)}`;
  const caller = callerWith({ preferred_username: username });
  await recordNewUser(caller.userId, caller.claims, now);
  const year = new Date(now.getTime() + 400 * 24 * 3600 * 1000);
  const back = new Date(now.getTime() + 31 * 24 * 3600 * 1000);
  await rename(caller, caller.userId, `${username}2`, now);
  await rename(caller, caller.userId, username.toUpperCase(), back);
  expect((await findByUsername(username, year))?.userId).toBe(caller.userId);
});

/** Until it is undone, single reads that are not consistent find nothing. */
const useStaleReplica = () =>
  intercept(async ({ name, input }, next) => {
    const { Item, Responses, ...others } = await next();
    const text = JSON.stringify(input);
    const isLate = /^(Batch)?GetCommand$/.test(name) && !text.includes('"ConsistentRead":true');
    return isLate && text.includes('"PROFILE"') ? others : { Item, Responses, ...others };
  });

test("a user who has just signed up can be paid, even if a stale replica does not have them", async () => {
  const { userId } = callerWith();
  await recordNewUser(userId, {}, now);
  const undo = useStaleReplica();
  try {
    expect(await findProfile(userId)).toBeUndefined();
    expect(await getProfile(userId)).toMatchObject({ userId });
    await expect(getProfile(callerWith().userId)).rejects.toMatchObject({ code: "user_not_found" });
  } finally {
    undo();
  }
});

test("a user who has just signed up can be a moderator, even if a stale replica does not have them", async () => {
  const [host, { userId }] = [await makeUser(newId(now)), callerWith()];
  const { id: streamId } = await makeStream(host);
  await recordNewUser(userId, {}, now);
  const undo = useStaleReplica();
  try {
    const call = { as: host, body: { moderators: [userId] } };
    expect((await callEndpoint(changeChannel, call)).status).toBe(200);
    expect((await callEndpoint(changeSettings, { ...call, path: { streamId } })).status).toBe(200);
  } finally {
    undo();
  }
});

test("a user's first call shows the username that it gave them, even from a stale replica", async () => {
  const caller = callerWith({ preferred_username: `first-${newId(now)}` });
  await recordNewUser(caller.userId, caller.claims, now);
  const undo = useStaleReplica();
  try {
    const { username } = await getCallerProfile(caller, new Date(now.getTime() + 5));
    expect(username).toBe(caller.claims.preferred_username);
  } finally {
    undo();
  }
});

test("a user who has just changed their profile reads the change and its revision", async () => {
  const caller = callerWith();
  await change(caller, { name: "Before" });
  const outdated = await getRawItem(key.profile(caller.userId));
  const undo = intercept(async ({ name, input }, next) => {
    const answer = await next();
    const requests = (input.RequestItems ?? {}) as Record<string, { ConsistentRead?: boolean }>;
    const isEventual = Object.values(requests).some((one) => one.ConsistentRead !== true);
    if (name === "BatchGetCommand" && isEventual)
      return { Responses: { [tableName()]: [outdated] } };
    return name === "GetCommand" && input.ConsistentRead !== true ? { Item: outdated } : answer;
  });
  try {
    const { profile } = await change(caller, { name: "After" });
    const { headers, body } = await callEndpoint(getMe, { as: caller.userId });
    expect(body).toMatchObject({ data: { name: "After" } });
    expect(headers).toMatchObject({ etag: `"${profileRevision(profile)}"` });
  } finally {
    undo();
  }
});

test("the same username again leaves the profile's revision", async () => {
  const caller = callerWith();
  const named = await rename(caller, caller.userId, `same-${newId(now)}`, now);
  const again = await rename(caller, caller.userId, named.username, new Date(now.getTime() + 5));
  expect(again).toEqual(named);
  expect(await findProfile(caller.userId)).toEqual(named);
});

describe("a user who is renamed while they delete the account stays deleted", () => {
  const ofOthers = { ...callerWith(), roles: ["admin"] as const };
  const fresh = () => `name-${newId(now)}`;
  test.each([
    ["an admin", (userId: string) => rename(ofOthers, userId, fresh(), now)],
    ["a back end", (userId: string) => nameUser(ofOthers, userId, { username: fresh() }, now)],
  ])("by %s", (_, act) =>
    atEachRequest(async () => {
      const { userId } = callerWith();
      await recordNewUser(userId, {}, now);
      return {
        act: () => act(userId).then(({ userId }) => userId, String),
        meanwhile: () => removeUser({ userId, isForfeit: true, now }),
        check: async () => expect(await findProfile(userId, { consistent: true })).toBeUndefined(),
      };
    }),
  );
});

test.each([
  ["profile", (caller: ReturnType<typeof callerWith>) => change(caller, { name: "Late" })],
  [
    "username",
    (caller: ReturnType<typeof callerWith>) =>
      rename(caller, caller.userId, `late-${newId(now)}`, now),
  ],
])(
  "a user who deletes the account while their change of the %s is stored stays deleted",
  async (_, act) => {
    const caller = callerWith();
    await recordNewUser(caller.userId, {}, now);
    const leave = () => removeUser({ userId: caller.userId, isForfeit: true, now });
    // The first request reads the profile, the second one stores it.
    const { answer } = await between([2], leave, () => act(caller).then(() => "stored", String));
    expect(answer).toContain("user_not_found");
    expect(await findProfile(caller.userId, { consistent: true })).toBeUndefined();
  },
);
