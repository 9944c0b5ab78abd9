/** Follows that begin and end at the same moment. */
import {
  findFollowCounts,
  findRelation,
  listFollowers,
  recordFollow,
  removeFollow,
} from "../../platform/store/people/follows.ts";
import { atEachRequest } from "./between.ts";
import { useOwnTable } from "./table.ts";
import { someone } from "./wallet-people.ts";

useOwnTable();

let made = 0;

/** A follower, a followed user, and a new relation between them. */
async function follow(followerId: string, followedId: string) {
  const relationId = (++made).toString(16).padStart(24, "0");
  const at = new Date().toISOString();
  await recordFollow({ relationId, followerId, followedId, at });
}

test("a follow that is ended twice, and begins again in between, is counted as often as it is listed", async () => {
  await atEachRequest(async () => {
    const [fan, host] = [someone("fan"), someone("host")];
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
