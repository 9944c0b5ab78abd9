import * as z from "zod";
import { GiftTypeId } from "../../../domain/id.ts";
import {
  type GiftType,
  giftTypeRevision,
  ListedGiftType,
  listedGiftTypeOf,
} from "../../../domain/money/gift-type.ts";
import { PictureFile, pictureField } from "../../../domain/picture.ts";
import { endpoint } from "../../../platform/http/endpoint.ts";
import { multipart } from "../../../platform/http/multipart.ts";
import { decoding } from "../../../platform/lambda/grants.ts";
import { keepPicture } from "../../../platform/pictures/pictures.ts";
import { changeStoredGiftType, getGiftType } from "../../../platform/store/money/gift-types.ts";

/** The previous image stays, because sent gifts still show it. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/gift-types/{id}/image",
    summary: "Upload the image of a gift type",
    tag: "Gifts",
    caller: "admin",
    path: z.object({ id: GiftTypeId }),
    formOnly: multipart(),
    body: z.object({ image: PictureFile.meta(pictureField) }),
    answer: [200, ListedGiftType],
    hasRevisions: true,
    cost: { read: 3, write: 15, kilobytes: 1 },
    refusals: ["gift_type_not_found", "gift_type_exists"],
    ...decoding,
    grants: { read: ["GIFTTYPE"], write: ["GIFTTYPE", "GIFTID", "PICTURE"], pictures: ["write"] },
  },
  async ({ path, body, caller, now, newId, ...call }) => {
    await getGiftType(path.id);
    const picture = await keepPicture(body.image, { field: "image", caller, now, newId, ...call });
    const change = (type: GiftType) => {
      call.assertRevision(giftTypeRevision(type));
      return { ...type, svgUrl: picture.url, updatedAt: now.toISOString() };
    };
    const replyTo = (type: GiftType) =>
      call.idempotentReply(listedGiftTypeOf(type), giftTypeRevision(type));
    const also = (type: GiftType) => [...picture.actions, ...replyTo(type).remember];
    const changed = await changeStoredGiftType(path.id, change, also);
    call.showRevision(giftTypeRevision(changed));
    return replyTo(changed).answer;
  },
);
