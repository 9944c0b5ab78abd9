/** Chance that a seed repeats. */
export type Chance = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Whether something of this probability happens. */
  hits(probability: number): boolean;
  /** A whole number from 0 to below `n`. */
  below(n: number): number;
  /** Log-normal, told by its median and its 99th percentile. */
  around(median: number, p99: number): number;
  /** Waiting time of a Poisson process of this rate. */
  untilNext(rate: number): number;
};

/** Standard normal deviate below which 99 % lie. */
const deviates99 = 2.326;

/** Mulberry32, with the shapes that the model needs. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  /** Box and Muller's. */
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return {
    next,
    hits: (probability) => next() < probability,
    below: (n) => Math.floor(next() * n),
    around: (median, p99) => median * Math.exp((normal() * Math.log(p99 / median)) / deviates99),
    untilNext: (rate) => -Math.log(1 - next()) / rate,
  };
}
