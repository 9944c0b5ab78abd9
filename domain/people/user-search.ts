import * as z from "zod";
import { Pagination, pageQuery } from "../page.ts";
import { text } from "../text.ts";
import { FollowUser } from "./follow.ts";
import { Expertise } from "./profile-change.ts";

/** What is asked for: users of whom a name begins so; without `q` some users, others each time. */
export const UserQuestion = pageQuery(5).extend({
  q: text(0, 100).optional(),
  expertise: Expertise.optional(),
});
export type UserQuestion = z.infer<typeof UserQuestion>;

export const FoundUsers = z.object({ list: z.array(FollowUser), pagination: Pagination });

/** Entries of the index that one question looks at. */
export const lookMax = 500;
