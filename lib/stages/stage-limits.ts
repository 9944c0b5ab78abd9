/** Lambda refuses a reservation that leaves fewer executions for all other functions. */
const unreservedByLambda = 100;

/**
 * Executions for the functions that users call, which share the unreserved ones: 2,000 calls a
 * second of 80 ms are 160, twice as many when an audience arrives and environments start, and a
 * fifth is spare.
 */
const unreservedInUse = 400;

/** The executions that a stage reserves from the account's. */
type Reserving = {
  name: string;
  keepData: boolean;
  reservedConcurrency: Readonly<Record<string, number>>;
  accountConcurrency: number;
};

/** Read and write request units a second; a new table allows 12,000 and 4,000. */
export type Throughput = { reads: number; writes: number };

/** A stage's use of the account's request rate. */
type Calling = {
  name: string;
  keepData: boolean;
  postRate: number;
  throttle: { rate: number };
  accountRate: number;
};

/** The least executions that a stage leaves unreserved. */
export const unreservedMinOf = ({ keepData }: Pick<Reserving, "keepData">): number =>
  keepData ? unreservedInUse : unreservedByLambda;

/** Executions that a stage reserves. */
export const reservedOf = ({ reservedConcurrency }: Pick<Reserving, "reservedConcurrency">) =>
  Object.values(reservedConcurrency).reduce((all, one = 0) => all + one, 0);

/** Throws if the reservations leave too few executions for all other functions. */
export function assertConcurrency(stage: Reserving): void {
  const sum = reservedOf(stage);
  const most = Math.max(0, stage.accountConcurrency - unreservedMinOf(stage));
  if (sum > most)
    throw new Error(`${stage.name} reserves ${sum} executions, at most ${most} can be`);
}

/**
 * Concurrent executions of a queue's reader unless its contract says otherwise, from the pool that
 * all calls share, so that ten thousand due messages slow no callers down.
 */
const concurrencyDefault = 10;

/** Concurrent executions that the mapping of a queue allows its reader, at most those reserved. */
export function queueConcurrencyOf(
  { concurrencyMax }: { concurrencyMax?: number },
  reserved?: number,
): number {
  const wanted = concurrencyMax ?? reserved ?? concurrencyDefault;
  return Math.min(wanted, reserved ?? wanted);
}

/**
 * HTTP, pictures, Tencent's commands, its callbacks, and sockets: each has the stage's throttle.
 */
const apis = 5;

/** The most requests a second of a stage: its posts, and its APIs at their limits. */
export const rateOf = ({ postRate, throttle }: Calling): number => postRate + apis * throttle.rate;

/**
 * Throws if a stage that keeps data may exceed its request rate: a full room would then cause the
 * gifts of all rooms to be refused. Other stages have limits so high that no test reaches them.
 */
export function assertRate(stage: Calling): void {
  if (!stage.keepData || rateOf(stage) <= stage.accountRate) return;
  throw new Error(
    `${stage.name} allows ${rateOf(stage)} requests/s; accountRate is ${stage.accountRate}`,
  );
}

/** Throws if messages would be deleted before the frames that show them. */
export function assertRetention({ name, messageDays }: { name: string; messageDays: number }) {
  if (Number.isInteger(messageDays) && (messageDays === 0 || messageDays >= 2)) return;
  throw new Error(`${name}: messageDays is ${messageDays}, expected 0 or at least 2`);
}

/** Throws if superlikes have a price that no wallet can pay: whole credits, 1 to 1,000,000,000. */
function assertPrice({ name, superlikePrice }: { name: string; superlikePrice: number }) {
  if (Number.isInteger(superlikePrice) && superlikePrice >= 1 && superlikePrice <= 1e9) return;
  throw new Error(`${name}: superlikePrice is ${superlikePrice}, expected 1 to 1000000000 credits`);
}

/** A stage's domain and region. */
type RegionOfStage = { name: string; domain?: object; region?: string };

/** Throws if a domain's alarms, which are in another region, could not find the stage. */
export function assertRegion({ name, domain, region }: RegionOfStage): void {
  if (domain === undefined || region !== undefined) return;
  throw new Error(`${name}: a stage with a domain names its region, in lib/stages/stages.ts`);
}

/** Throws if a stage's settings are not possible. */
export function assertPossible(
  stage: Reserving & Calling & RegionOfStage & { messageDays: number; superlikePrice: number },
) {
  const asserts = [assertConcurrency, assertRate, assertRetention, assertPrice, assertRegion];
  for (const assert of asserts) assert(stage);
}
