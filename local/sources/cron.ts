/** The first time after `after` that matches the expression; both in epoch milliseconds. */
type NextTime = (after: number) => number | undefined;

/**
 * Parses an EventBridge expression: `rate(n minutes|hours|days)` or `cron(minutes hours
 * day-of-month month day-of-week year)` in UTC, with `*`, `?`, lists, ranges, steps and names of
 * months and days. Throws for everything else, `L`, `W` and `#` included.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): NextTime {
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) {
    const units: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
    const milliseconds = Number(rate[1]) * (units[rate[2]!] ?? 0);
    if (milliseconds === 0) throw new Error(`The schedule ${expression} has no period`);
    return (after) => after + milliseconds;
  }
  const fields = /^cron\((.+)\)$/.exec(expression)?.[1]?.split(" ");
  if (fields?.length !== 6)
    throw new Error(`The schedule ${expression} is neither rate(...) nor cron(...) of six fields`);
  return findNextByFields(fields.map((field, index) => parseField(field, index, expression)));
}

const minuteMilliseconds = 60_000;
const dayMilliseconds = 86_400_000;
/** An expression without a match within this many days never matches. */
const daysMax = 366 * 5;

const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [1, 7],
  [1970, 2199],
] as const;
const names = [
  [],
  [],
  [],
  "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" "),
  "SUN MON TUE WED THU FRI SAT".split(" "),
  [],
];

function parseField(field: string, index: number, expression: string): Set<number> {
  const [least, most] = ranges[index]!;
  const refuse = (): never => {
    throw new Error(`The schedule ${expression} has a field that is not supported: ${field}`);
  };
  const read = (text: string): number => {
    const named = names[index]!.indexOf(text.toUpperCase());
    const value = named >= 0 ? named + 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : refuse();
  };
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [span = "", step] = part.split("/");
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) refuse();
    const [from = "", to] = span.split("-");
    const every = span === "*" || span === "?";
    const first = every ? least : read(from);
    const last = every || (to === undefined && step !== undefined) ? most : read(to ?? from);
    for (let value = first; value <= last; value += Number(step ?? 1)) values.add(value);
  }
  return values;
}

function findNextByFields(fields: Set<number>[]): NextTime {
  const [minutes, hours, monthDays, months, weekDays, years] = fields as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  const isDay = (time: Date) =>
    years.has(time.getUTCFullYear()) &&
    months.has(time.getUTCMonth() + 1) &&
    monthDays.has(time.getUTCDate()) &&
    weekDays.has(time.getUTCDay() + 1);
  return (after) => {
    let time = Math.floor(after / minuteMilliseconds + 1) * minuteMilliseconds;
    const until = time + daysMax * dayMilliseconds;
    while (time < until) {
      const date = new Date(time);
      if (!isDay(date)) time = Math.floor(time / dayMilliseconds + 1) * dayMilliseconds;
      else if (hours.has(date.getUTCHours()) && minutes.has(date.getUTCMinutes())) return time;
      else time += minuteMilliseconds;
    }
    return undefined;
  };
}
