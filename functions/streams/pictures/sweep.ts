import { consumer } from "../../../platform/lambda/consumer.ts";
import { sweepPictures } from "../../../platform/pictures/pictures.ts";
import { logNotice } from "../../../platform/runtime/log.ts";

/** Removes what a deletion, a replacement or an interrupted call left in the bucket. */
export const { contract, handler } = consumer(
  {
    summary: "Delete pictures that nothing refers to",
    on: { every: "rate(1 hour)" },
    grants: { read: ["PICTURE", "SWEEP"], write: ["SWEEP"], pictures: ["sweep"] },
    timeoutSeconds: 60,
  },
  async (_, now) => {
    const counts = await sweepPictures(now);
    if (counts.removed > 0) logNotice("Pictures that nothing showed were removed", counts);
  },
);
