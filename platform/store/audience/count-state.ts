import {
  endOf,
  type MomentItem,
  momentOf,
  MomentItem as Schema,
} from "../../../domain/audience/moment.ts";
import { logMomentOf } from "../../../domain/log/audience-change.ts";
import {
  isReachedIn,
  type LogMoment,
  type LogState,
  likesSum,
  type Sums,
  timedIn,
} from "../../../domain/log/sums.ts";
import { parseItem } from "../../table/items.ts";
import { key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { countGifts, countLikes, countVotes } from "./recount.ts";
import { countTrains } from "./train-state.ts";

/**
 * Counts the sums that a stream's log should have, from all stored items: its likes, the sums of
 * the moments without a result, and the gifts that may start a train. For a log that is reset;
 * `was` is its previous state, which may have a train that is not stored yet, and the goals that
 * viewers saw reached: these stay reached.
 */
export async function countState(
  streamId: string,
  defaultPicture: string,
  was: LogState = {},
): Promise<LogState> {
  const { likes, goals } = await countLikes(streamId);
  const items = await queryWhole(key.moment(streamId, ""), { prefix: prefix.moments });
  const sums: Sums = likes > 0 ? { [likesSum]: likes } : {};
  const moments: LogMoment[] = [];
  const all = items.map((item) => timedIn(parseItem(Schema, item), was));
  for (const moment of all) {
    if (moment.kind === "train") continue;
    if (moment.status === "cancelled" || moment.result !== undefined) continue;
    const counted = await countMoment(moment, goals.get(moment.id) ?? 0);
    const isReached = counted.isReached || isReachedIn(was, moment.id);
    const { shown, ...known } = logMomentOf(moment, momentOf(moment, defaultPicture));
    moments.push({ ...known, ...(isReached ? { isReached } : shown && { shown }) });
    sums[moment.id] = counted.amount;
  }
  const trains = await countTrains(streamId, all, was);
  return {
    sums: { ...sums, ...trains.sums },
    moments: [...moments, ...trains.moments],
    ...(trains.trains && { trains: trains.trains }),
  };
}

async function countMoment(moment: MomentItem, likes: number) {
  const { kind, of, target = 0 } = moment;
  if (kind === "poll") return { amount: (await countVotes(moment)).votes, isReached: false };
  if (of === "likes") return { amount: likes, isReached: likes >= target };
  const { amount, reached } = await countGifts(moment, endOf(moment), target);
  return { amount, isReached: reached };
}
