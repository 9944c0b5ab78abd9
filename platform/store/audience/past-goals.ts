import { pastGoalsMax } from "../../../domain/audience/likes.ts";
import { MomentItem } from "../../../domain/audience/moment.ts";
import { listItems } from "../../table/items.ts";
import { key } from "../../table/keys.ts";

/**
 * The goals among these whose likes no item needs any more: those that have a result, were
 * cancelled or do not exist, except for the newest 64 past goals. Goals in `open` are not past.
 * Examines at most the `most` oldest.
 */
export async function findSpentGoals(
  streamId: string,
  goals: Iterable<string>,
  { open = [], most = Number.POSITIVE_INFINITY }: { open?: readonly string[]; most?: number } = {},
): Promise<string[]> {
  const past = [...goals].filter((id) => !open.includes(id)).sort();
  const old = past.slice(0, Math.min(most, Math.max(0, past.length - pastGoalsMax)));
  const moments = await listItems(
    MomentItem,
    old.map((id) => key.moment(streamId, id)),
  );
  const needed = moments.filter(
    ({ status, result }) => status !== "cancelled" && result === undefined,
  );
  return old.filter((id) => !needed.some((moment) => moment.id === id));
}
