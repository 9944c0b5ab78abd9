import * as z from "zod";
import { type Stream, StreamStatus } from "./stream.ts";
import { StreamsQuery } from "./stream-page.ts";

const sortable = z.enum(
  [
    ...(["createdAt", "updatedAt", "startedAt", "plannedStartDate", "endedAt"] as const),
    ...(["durationGoal", "fundingGoal"] as const),
  ],
  { error: "expected the name of a time, durationGoal or fundingGoal" },
);

/** Filters and order of the streams that a user is invited to. */
export const InvitedQuery = StreamsQuery.extend({
  status: z
    .enum(StreamStatus.options, { error: `expected ${StreamStatus.options.join(", ")}` })
    .optional()
    .meta({ description: "Only streams with this status" }),
  sortBy: sortable.default("createdAt").meta({
    description:
      "The field to sort by; streams without it come last. With `after`, only the default",
  }),
  sortOrder: z
    .enum(["asc", "desc"], { error: "expected asc or desc" })
    .default("desc")
    .meta({ description: "The sort order. With `after`, only the default" }),
}).refine(
  ({ sortBy, sortOrder, after }) =>
    after === undefined || (sortBy === "createdAt" && sortOrder === "desc"),
  "after: expected without another order",
);
export type InvitedQuery = z.output<typeof InvitedQuery>;

/** The requested streams, sorted; ties are sorted by id. */
export function sortInvited(
  streams: readonly Stream[],
  { status, sortBy, sortOrder }: InvitedQuery,
): Stream[] {
  const sign = sortOrder === "asc" ? 1 : -1;
  const wanted = streams.filter((stream) => status === undefined || stream.status === status);
  return wanted.sort((a, b) => {
    const [one, other] = [a[sortBy] ?? null, b[sortBy] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    const order = compare(one, other) || compare(a.id, b.id);
    return sign * order;
  });
}

const compare = (a: string | number, b: string | number) => Number(a > b) - Number(a < b);
