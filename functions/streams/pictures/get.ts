import { largePictureId } from "../../../domain/picture.ts";
import { download } from "../../../platform/http/download.ts";
import { findPicture } from "../../../platform/pictures/pictures.ts";

/** Uploaded pictures: public, so tokens are neither needed nor checked. */
export const { contract, handler } = download(
  {
    path: "/{id}",
    summary: "Get a picture",
    tag: "Pictures",
    largeNames: largePictureId,
    grants: { read: ["PICTURE"], pictures: ["read"] },
  },
  findPicture,
);
