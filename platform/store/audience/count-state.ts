import {
  type MomentItem,
  momentOf,
  MomentItem as Schema,
} from "../../../domain/audience/moment.ts";
import { logMomentOf } from "../../../domain/log/crowd-change.ts";
import { type LogMoment, type LogState, likesSum, type Sums } from "../../../domain/log/sums.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { read } from "../../table/table.ts";
import { countGifts, countLikes, countVotes } from "./recount.ts";

/** After every time: of a moment that nobody has ended. */
const never = "9999";

/**
 * Counts what the log of a stream should have added up, from all that is stored: its likes, and the
 * sums of the moments that have no result yet. For a log that is reset.
 */
export async function countState(streamId: string, defaultPicture: string): Promise<LogState> {
  const { likes, goals } = await countLikes(streamId);
  const items = await queryWhole(key.moment(streamId, ""), { prefix: prefix.moments });
  const sums: Sums = likes > 0 ? { [likesSum]: likes } : {};
  const moments: LogMoment[] = [];
  for (const item of items) {
    const moment = read(Schema, item);
    if (moment.status === "cancelled" || moment.result !== undefined) continue;
    const { amount, isReached } = await countMoment(moment, goals.get(moment.id) ?? 0);
    const { shown, ...known } = logMomentOf(moment, momentOf(moment, defaultPicture));
    moments.push({ ...known, ...(isReached ? { isReached } : shown && { shown }) });
    sums[moment.id] = amount;
  }
  return { sums, moments };
}

async function countMoment(moment: MomentItem, likes: number) {
  const { kind, of, target = 0, endedAt, endsAt } = moment;
  const end = endedAt ?? endsAt ?? never;
  if (kind === "poll") return { amount: (await countVotes(moment, end)).votes, isReached: false };
  if (of === "likes") return { amount: likes, isReached: likes >= target };
  const { amount, reached } = await countGifts(moment, end, target);
  return { amount, isReached: reached };
}
