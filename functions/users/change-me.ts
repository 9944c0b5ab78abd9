import { changedProfile, ProfileChange } from "../../domain/people/profile-change.ts";
import { PublicProfile, publicProfileOf } from "../../domain/people/user.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { forgetPicture } from "../../platform/pictures.ts";
import { findFollowCounts } from "../../platform/store/people/follows.ts";
import { changeProfile } from "../../platform/store/people/users.ts";

export const { contract, handler } = endpoint(
  {
    route: "PUT /api/v1/users/me",
    says: "Change one's own profile: fields that are left out stay, null empties a field",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    body: ProfileChange,
    answer: [200, PublicProfile],
    refusals: [],
    grants: { read: ["USER"], write: ["USER", "FIND", "PICTURE"] },
  },
  async ({ body, caller, now }) => {
    const perDay = setting("NAME_CHANGES_PER_DAY");
    const [{ profile }, counts] = await Promise.all([
      changeProfile(
        caller,
        (profile) => changedProfile(profile, body, now, perDay),
        now,
        (was, is) => (was.pictureId === is.pictureId ? [] : forgetPicture(was.pictureId)),
      ),
      findFollowCounts(caller.userId),
    ]);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
