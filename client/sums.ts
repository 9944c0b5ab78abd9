import type { EventData } from "./event-data.ts";

/** A poll or a goal. */
export type Moment = EventData["moment.started"];

/** A stream's totals: `likes`, and by a moment's id its sum, for a poll the votes by option. */
export type Sums = Record<string, number | (number | null)[]>;

/** The sums of a stream, and its open moments. */
export type SumsAndMoments = { sums: Sums; moments: Moment[] };

export const noSums: SumsAndMoments = { sums: {}, moments: [] };

/** What one or more frames change. */
export type SumsChange = { sums?: Sums; events: readonly { type: string; data: unknown }[] };

/** The sums and moments after one more frame; returns the same object if nothing changes. */
export function applySumsChange(shown: SumsAndMoments, frame: SumsChange): SumsAndMoments {
  let { moments } = shown;
  const sums = { ...shown.sums, ...frame.sums };
  for (const { type, data } of frame.events) {
    if (!type.startsWith("moment.")) continue;
    const moment = data as Moment;
    moments = moments.filter(({ id }) => id !== moment.id);
    if (moment.status === "open") moments.push(moment);
    else delete sums[moment.id];
  }
  return frame.sums || moments !== shown.moments ? { sums, moments } : shown;
}
