import { download } from "../../../platform/http/download.ts";
import { findPicture } from "../../../platform/pictures/pictures.ts";

/** Pictures that were sent as files: no token is needed, and none is looked at. */
export const { contract, handler } = download(
  {
    path: "/{id}",
    summary: "Get a picture",
    tag: "Pictures",
    grants: { read: ["PICTURE"], pictures: ["read"] },
  },
  findPicture,
);
