import * as z from "zod";
import { photographed } from "../../domain/people/profile-change.ts";
import { PublicProfile, publicProfileOf } from "../../domain/people/user.ts";
import { PictureFile, pictureField } from "../../domain/picture.ts";
import { setting } from "../../platform/env.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { forgetPicture, keepPicture } from "../../platform/pictures.ts";
import { findFollowCounts } from "../../platform/store/people/follows.ts";
import { changeProfile } from "../../platform/store/people/users.ts";

/** The picture that was sent before, if there was one, is gone with this. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/users/me/photo",
    says: "Send one's own picture as a file",
    tag: "Users",
    caller: "user",
    shape: "envelope",
    accepts: ["multipart"],
    body: z.object({ photo: PictureFile.meta(pictureField) }),
    answer: [200, PublicProfile],
    refusals: [],
    grants: { read: ["USER"], write: ["USER", "FIND", "PICTURE"], pictures: ["write"] },
  },
  async ({ body, caller, now, newId }) => {
    const picture = await keepPicture(body.photo, { now, newId });
    const [{ profile }, counts] = await Promise.all([
      changeProfile(
        caller,
        (profile) => photographed(profile, picture, now),
        now,
        (was) => [...picture.actions, ...forgetPicture(was.pictureId)],
      ),
      findFollowCounts(caller.userId),
    ]);
    return publicProfileOf(profile, counts, setting("DEFAULT_PICTURE"));
  },
);
