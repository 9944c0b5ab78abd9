import * as z from "zod";
import { GiftTypeId } from "../../domain/id.ts";
import { type GiftType, ListedGiftType, listedGiftTypeOf } from "../../domain/money/gift-type.ts";
import { PictureFile, pictureField } from "../../domain/picture.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { keepPicture } from "../../platform/pictures.ts";
import { changeStoredGiftType, getGiftType } from "../../platform/store/money/gift-types.ts";

/** The image that was there before stays: gifts that were sent go on showing it. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/gifts/gift-types/{id}/image",
    says: "Send the image of a gift type as a file",
    tag: "Gifts",
    caller: "admin",
    shape: "envelope",
    path: z.object({ id: GiftTypeId }),
    accepts: ["multipart"],
    body: z.object({ image: PictureFile.meta(pictureField) }),
    answer: [200, ListedGiftType],
    refusals: ["gift_type_not_found", "gift_type_exists"],
    grants: {
      read: ["GIFTTYPE"],
      write: ["GIFTTYPE", "GIFTID", "PICTURE"],
      pictures: ["write"],
    },
  },
  async ({ path, body, now, newId }) => {
    await getGiftType(path.id);
    const picture = await keepPicture(body.image, { now, newId });
    const updatedAt = now.toISOString();
    const change = (type: GiftType) => ({ ...type, svgUrl: picture.url, updatedAt });
    return listedGiftTypeOf(await changeStoredGiftType(path.id, change, picture.actions));
  },
);
