import { timeFormat } from "./clock.ts";

const dates = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const times = timeFormat("en", { timeStyle: "medium" });

/** A time to the second, with its date unless it is today; the exact time is its title. */
export function Moment({ at }: { at: string | null }) {
  if (at === null) return <span class="quiet">–</span>;
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  return (
    <time class="number" dateTime={at} title={at}>
      {isToday ? times.format(date) : `${dates.format(date)}, ${times.format(date)}`}
    </time>
  );
}
