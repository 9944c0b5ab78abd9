import { download } from "../../platform/http/download.ts";
import { findPicture } from "../../platform/pictures.ts";

/** Pictures that were sent as files: no token is needed, and none is looked at. */
export const { contract, handler } = download(
  {
    path: "/{id}",
    says: "Read a picture",
    tag: "Pictures",
    grants: { read: ["PICTURE"], pictures: ["read"] },
  },
  findPicture,
);
