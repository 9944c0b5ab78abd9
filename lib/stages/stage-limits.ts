/** Lambda refuses a reservation that leaves fewer executions for all other functions. */
const unreservedByLambda = 100;

/**
 * Executions for the functions that users call, which share what is not reserved: 2,000 calls a
 * second of 80 ms are 160, and as many again while a hall arrives and environments start.
 */
const unreservedInUse = 400;

/** What a stage reserves of the account's executions. */
type Reserving = {
  name: string;
  keepData: boolean;
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

/** Executions that a stage leaves unreserved at least. */
export const unreservedMinOf = ({ keepData }: Pick<Reserving, "keepData">): number =>
  keepData ? unreservedInUse : unreservedByLambda;

/** Executions that a stage reserves. */
export const reservedOf = ({ reservedConcurrency }: Pick<Reserving, "reservedConcurrency">) =>
  Object.values(reservedConcurrency).reduce((all, one = 0) => all + one, 0);

/** Throws when more is reserved than leaves enough for all other functions. */
export function assertConcurrency(stage: Reserving): void {
  const sum = reservedOf(stage);
  const most = Math.max(0, stage.accountConcurrency - unreservedMinOf(stage));
  if (sum > most)
    throw new Error(`${stage.name} reserves ${sum} executions, at most ${most} can be`);
}

/** HTTP, pictures, Tencent's commands, its callbacks, and sockets: each has the stage's throttle. */
const apis = 5;

/** Requests a second that a stage may take: its posts, and its APIs at their limits. */
export const rateOf = ({ postRate, throttle }: Calling): number => postRate + apis * throttle.rate;

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
