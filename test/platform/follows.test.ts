/** Follows that begin and end at the same moment. */
import { handler as followUser } from "../../functions/people/follows/follow.ts";
import { handler as unfollowUser } from "../../functions/people/follows/unfollow.ts";
import { continueErasure } from "../../platform/own-data/erasure.ts";
import { removeUser } from "../../platform/own-data/removal.ts";
import {
  findFollowCounts,
  findRelation,
  listFollowers,
  recordFollow,
  removeFollow,
} from "../../platform/store/people/follows.ts";
import { findProfile } from "../../platform/store/people/users.ts";
import { callEndpoint } from "./api-call.ts";
import { atEachRequest } from "./interleaving.ts";
import { useQueue } from "./queue-double.ts";
import { useOwnTable } from "./table.ts";
import { makeUser, someone } from "./wallet-people.ts";

useOwnTable();
useQueue("ERASURES_QUEUE_URL");

let made = 0;

/** A follower, a followed user, and a new relation between them. */
async function follow(followerId: string, followedId: string) {
  const relationId = (++made).toString(16).padStart(24, "0");
  const at = new Date().toISOString();
  await recordFollow({ relationId, followerId, followedId, at });
}

test("a follow that is ended twice, and begins again in between, is counted as often as it is listed", async () => {
  await atEachRequest(async () => {
    const [fan, host] = [await makeUser(someone("fan")), await makeUser(someone("host"))];
    await follow(fan, host);
    return {
      act: () => removeFollow(fan, host),
      async meanwhile() {
        await removeFollow(fan, host);
        await follow(fan, host);
      },
      async check() {
        const listed = await listFollowers(host, 10, undefined);
        const isFollowing = (await findRelation(fan, host)) !== undefined;
        expect(listed).toHaveLength(isFollowing ? 1 : 0);
        expect(await findFollowCounts(host)).toMatchObject({ followersCount: listed.length });
        expect(await findFollowCounts(fan)).toMatchObject({ followingCount: listed.length });
      },
    };
  });
});

describe.each(["follower", "followed user"])("a follow during the deletion of the %s", (who) => {
  async function scene() {
    const [fan, host] = [await makeUser(someone("fan")), await makeUser(someone("host"))];
    const [gone, other] = who === "follower" ? [fan, host] : [host, fan];
    let status = 0;
    return {
      follow: async () => {
        if ((await findProfile(fan, { consistent: true })) === undefined) return;
        ({ status } = await callEndpoint(followUser, { as: fan, path: { userId: host } }));
      },
      leave: () => removeUser({ userId: gone, isForfeit: true, now: new Date() }),
      // The frames, which come last, wait for ten seconds.
      erase: () => continueErasure(gone, 12),
      check: async () => {
        expect([0, 200, 404]).toContain(status);
        expect(await findRelation(fan, host)).toBeUndefined();
        const { followersCount, followingCount } = await findFollowCounts(other);
        expect([followersCount, followingCount]).toEqual([0, 0]);
      },
    };
  }

  test("is made before it and erased, or refused", () =>
    atEachRequest(async () => {
      const { follow: act, leave, erase, check } = await scene();
      const meanwhile = async () => {
        await leave();
        await erase();
      };
      return { act, meanwhile, check: () => erase().then(check) };
    }));

  test("is erased if it was made while the deletion was written", () =>
    atEachRequest(async () => {
      const { follow: meanwhile, leave: act, erase, check } = await scene();
      return { act, meanwhile, check: () => erase().then(check) };
    }));
});

test("a deleted user can be unfollowed once, and not followed", async () => {
  const [fan, host] = [await makeUser(someone("fan")), await makeUser(someone("host"))];
  await follow(fan, host);
  await removeUser({ userId: host, isForfeit: true, now: new Date() });
  const calling = { as: fan, path: { userId: host } };
  const ended = await callEndpoint(unfollowUser, calling);
  expect(ended.body.data).toEqual({ isFollowing: false, previouslyFollowing: true });
  for (const handler of [unfollowUser, followUser])
    expect(await callEndpoint(handler, calling)).toMatchObject({ status: 404 });
});
