import * as z from "zod";
import { MomentId } from "../id.ts";
import { cursorQuery, PageInfo } from "../page.ts";
import { rowsOf } from "../text.ts";
import { Moment, MomentKind, MomentStatus, Sum } from "./moment.ts";

/** Which moments of a stream to list. */
export const MomentQuery = cursorQuery(MomentId).extend({
  kind: MomentKind.optional().meta({ description: "Without it: all kinds" }),
  status: MomentStatus.optional().meta({ description: "Without it: open and over" }),
});

/** The list, with the likes and the sums of the open ones. */
export const Moments = z.object({
  list: rowsOf(Moment),
  sums: z.record(z.string(), Sum).meta({
    description:
      "The stream's `likes`, and the sums of the open moments, by id; for a poll, the votes per option",
  }),
  pageInfo: PageInfo,
});
