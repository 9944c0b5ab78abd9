/** An attempt's outcome: `done`, `limited`, or what went wrong, such as a status or a message. */
export type Outcome = "done" | "limited" | string;

/** What became of the attempts of one or more users. */
export type Tally = {
  /** How many had each outcome. */
  outcomes: Map<Outcome, number>;
  /** Latency of each attempt that succeeded. */
  milliseconds: number[];
};

export const emptyTally = (): Tally => ({ outcomes: new Map(), milliseconds: [] });

/** Makes one attempt and counts it. What it throws is its outcome. */
export async function attempt(tally: Tally, act: () => Promise<Outcome>): Promise<void> {
  const began = performance.now();
  const outcome = await act().catch(String);
  if (outcome === "done") tally.milliseconds.push(performance.now() - began);
  tally.outcomes.set(outcome, countOf(tally, outcome) + 1);
}

/** How many attempts had this outcome. */
export const countOf = ({ outcomes }: Tally, outcome: Outcome): number =>
  outcomes.get(outcome) ?? 0;

/** How many attempts there were. */
export const triesOf = ({ outcomes }: Tally): number =>
  [...outcomes.values()].reduce((sum, count) => sum + count, 0);

/** The outcome of an HTTP call that was answered with this status. */
export function outcomeOf(status: number): Outcome {
  if (status === 429) return "limited";
  return status >= 200 && status < 300 ? "done" : `${status}`;
}
