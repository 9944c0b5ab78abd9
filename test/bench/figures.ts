/** A quantile of the values; `share` 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[at] ?? Number.NaN;
}

/** Rounds to three significant digits. */
export const round = (value: number) =>
  value >= 100 ? Math.round(value) : Number(value.toPrecision(3));

/** Prints rows as a table under a heading. */
export function print(heading: string, rows: Record<string, unknown>[]): void {
  console.log(`\n${heading}`);
  console.table(rows);
}

export const wait = (milliseconds: number) =>
  new Promise<void>((done) => setTimeout(done, milliseconds));
