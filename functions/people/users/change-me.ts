import { changedProfile, ProfileChange } from "../../../domain/people/profile-change.ts";
import { PublicProfile, profileRevision, publicProfileOf } from "../../../domain/people/user.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { PictureUrl } from "../../../platform/outbound/destination.ts";
import { forgetPicture } from "../../../platform/pictures/pictures.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { changeProfile } from "../../../platform/store/people/profile-changes.ts";

export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/users/me",
    summary: "Update my profile; omitted fields stay unchanged, null clears a field",
    tag: "Users",
    caller: "user",
    body: ProfileChange.extend({ profilePhoto: PictureUrl.nullish() }),
    answer: [200, PublicProfile],
    hasRevisions: true,
    cost: { read: 4, write: 25, kilobytes: 9 },
    refusals: ["user_not_found"],
    grants: { read: ["USER"], write: ["USER", "FIND", "PICTURE"] },
  },
  async ({ body, caller, now, assertRevision, showRevision }) => {
    const namesPerDay = setting("NAME_CHANGES_PER_DAY");
    const reserved = caller.roles.includes("admin") ? [] : setting("RESERVED_USERNAMES");
    const [{ profile }, counts] = await Promise.all([
      changeProfile(
        caller,
        (profile) => {
          assertRevision(profileRevision(profile));
          return changedProfile(profile, body, now, { namesPerDay, reserved });
        },
        now,
        (was, is) => (was.pictureId === is.pictureId ? [] : forgetPicture(was.pictureId)),
      ),
      findFollowCounts(caller.userId),
    ]);
    showRevision(profileRevision(profile));
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
