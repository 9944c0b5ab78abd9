/** Lambda refuses a reservation that leaves fewer executions for all other functions. */
const unreservedMin = 100;

/** What a stage reserves of the account's executions. */
type Reserving = {
  name: string;
  reservedConcurrency: Readonly<Record<string, number>>;
  accountConcurrency: number;
};

/** Read and write request units a second, of which a new table takes 12,000 and 4,000. */
export type Throughput = { reads: number; writes: number };

/** What a stage takes of the account's requests. */
type Calling = {
  name: string;
  keepData: boolean;
  postRate: number;
  throttle: { rate: number };
  accountRate: number;
};

/** Throws when more is reserved than the account allows. */
export function assertConcurrency(stage: Reserving): void {
  const sum = Object.values(stage.reservedConcurrency).reduce((all, one = 0) => all + one, 0);
  const most = stage.accountConcurrency - unreservedMin;
  if (sum > most)
    throw new Error(`${stage.name} reserves ${sum} executions, at most ${most} can be`);
}

/** Requests a second that a stage may take: its posts, and its three APIs at their limits. */
export const rateOf = ({ postRate, throttle }: Calling): number => postRate + 3 * throttle.rate;

/**
 * Throws when a stage that keeps data may take more than it counts on: a full room would then have
 * everybody's gifts refused. Elsewhere limits are so high that no test meets them.
 */
export function assertRate(stage: Calling): void {
  if (!stage.keepData || rateOf(stage) <= stage.accountRate) return;
  throw new Error(
    `${stage.name} may take ${rateOf(stage)} requests a second, and counts on ${stage.accountRate}`,
  );
}

/** Throws when messages would go before the frames that show them. */
export function assertRetention({ name, messageDays }: { name: string; messageDays: number }) {
  if (Number.isInteger(messageDays) && (messageDays === 0 || messageDays >= 2)) return;
  throw new Error(`${name}: messageDays is ${messageDays}, expected 0 or at least 2`);
}

/** A stage's domain and where the rest of it is. */
type Placed = { name: string; domain?: object; region?: string };

/** Throws where a domain's alarms, in a region of their own, would not know where the stage is. */
export function assertPlace({ name, domain, region }: Placed): void {
  if (domain === undefined || region !== undefined) return;
  throw new Error(`${name}: a stage with a domain names its region, in lib/stages/stages.ts`);
}

/** Throws a sentence where a stage asks for what cannot be had. */
export function assertPossible(stage: Reserving & Calling & Placed & { messageDays: number }) {
  for (const assert of [assertConcurrency, assertRate, assertRetention, assertPlace]) assert(stage);
}
