import * as z from "zod";
import { withUploadedPhoto } from "../../../domain/people/profile-change.ts";
import {
  type Profile,
  PublicProfile,
  profileRevision,
  publicProfileOf,
} from "../../../domain/people/user.ts";
import { PictureFile, pictureField } from "../../../domain/picture.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { multipart } from "../../../platform/http/multipart.ts";
import { decoding } from "../../../platform/lambda/grants.ts";
import { forgetPicture, keepPicture } from "../../../platform/pictures/pictures.ts";
import { setting } from "../../../platform/runtime/env.ts";
import { findFollowCounts } from "../../../platform/store/people/follows.ts";
import { changeProfile } from "../../../platform/store/people/profile-changes.ts";
import { assertSameAccount, getProfile } from "../../../platform/store/people/users.ts";

/** Deletes the previously uploaded picture, if there was one. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/users/me/photo",
    summary: "Upload my profile picture",
    tag: "Users",
    caller: "user",
    formOnly: multipart(),
    body: z.object({ photo: PictureFile.meta(pictureField) }),
    answer: [200, PublicProfile],
    hasRevisions: true,
    cost: { read: 8, write: 40, kilobytes: 9 },
    refusals: ["user_not_found"],
    ...decoding,
    grants: { read: ["USER"], write: ["USER", "FIND", "PICTURE"], pictures: ["write"] },
  },
  async ({ body, caller, now, newId, ...call }) => {
    const known = await getProfile(caller.userId, { consistent: true });
    const picture = await keepPicture(body.photo, { field: "photo", caller, now, newId, ...call });
    const counts = await findFollowCounts(caller.userId);
    const shown = (is: Profile) => publicProfileOf(is, counts, setting("DEFAULT_PICTURE"));
    const replyTo = (is: Profile) => call.idempotentReply(shown(is), profileRevision(is));
    const decide = (profile: Profile) => {
      assertSameAccount(known, profile);
      call.assertRevision(profileRevision(profile));
      return withUploadedPhoto(profile, picture, now);
    };
    const also = ({ pictureId }: Profile, is: Profile) =>
      [picture.actions, forgetPicture(pictureId), replyTo(is).remember].flat();
    const { profile } = await changeProfile({ userId: caller.userId }, decide, now, also);
    call.showRevision(profileRevision(profile));
    return replyTo(profile).answer;
  },
);
