import { type Moment, MomentItem, momentOf, zeroOf } from "../../../domain/audience/moment.ts";
import type { ShownSums } from "../../../domain/log/recovery.ts";
import { type LogState, likesSum, openIn, type Sums } from "../../../domain/log/sums.ts";
import { isOpenTrain } from "../../../domain/log/trains.ts";
import { setting } from "../../runtime/env.ts";
import { listItems } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { findLog } from "../log/logs.ts";

/** A moment as viewers see it; the log's state has what it knows of an open one. */
export const showMoment = (item: MomentItem, { moments = [] }: LogState): Moment => {
  const known = moments.find((one) => one.id === item.id);
  const isOpen = known !== undefined && isOpenTrain(known) && item.status === "open";
  const shown = isOpen ? { ...item, endsAt: known.endsAt, level: known.train.level } : item;
  return momentOf(shown, setting("DEFAULT_PICTURE"), known?.isReached === true);
};

/** Moments as viewers see them. */
export const showMoments = (items: readonly MomentItem[], state: LogState): Moment[] =>
  items.map((item) => showMoment(item, state));

/** The state of a stream's log as of its newest posted frame. */
export const readState = async (streamId: string): Promise<LogState> =>
  (await findLog(streamId)) ?? {};

/** The sums of open moments, zero if the log has not reached them yet. */
export function sumsOf(items: readonly MomentItem[], { sums = {} }: LogState): Sums {
  const open = items.filter(({ status }) => status === "open");
  return Object.fromEntries(open.map((item) => [item.id, sums[item.id] ?? zeroOf(item)]));
}

/** What viewers see at a position of a log: its likes, and its open moments with their sums. */
export async function showState(streamId: string, state: LogState): Promise<ShownSums> {
  const keys = openIn(state).map(({ id }) => key.moment(streamId, id));
  const items = keys.length === 0 ? [] : await listItems(MomentItem, keys, { consistent: true });
  const open = items.filter(({ status }) => status === "open");
  const sums = { [likesSum]: state.sums?.[likesSum] ?? 0, ...sumsOf(open, state) };
  return { sums, moments: showMoments(open, state) };
}
