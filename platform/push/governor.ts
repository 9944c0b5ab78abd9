import { setting } from "../env.ts";
import { leasePosts, type Pool } from "../store/log/post-leases.ts";

/**
 * The rate is counted in slots of time, each with its share, so that no second, wherever it begins,
 * has more than the rate and one slot.
 */
const slotMilliseconds = 40;

/**
 * The share of a slot that each environment may use without asking: small rooms then cost no write,
 * and five environments at it together pass the rate by a twentieth.
 */
const freeShare = 0.01;

/**
 * Posts of a slot that one environment takes at the most, about what its sockets carry meanwhile: a
 * room that several post would else wait for the one which took all.
 */
const ownMax = 500;

/** Posts that one lease asks for at least, as a share of a slot. */
const leaseShare = 0.1;

/**
 * The rate counts as reached while so many of the last second's slots were used up. Fewer say
 * nothing: one frame to a thousand viewers uses up three, however seldom it comes.
 */
const fullSlotsMin = 20;
const slotsPerSecond = 1000 / slotMilliseconds;

/** What stands between the posts and the account's rate. */
export type Governor = {
  /** Lets one post go: at once (undefined), or when the wait is over. */
  take(): Promise<void> | undefined;
  /** When posts last waited because the rate was reached, in milliseconds since 1970. */
  limitedAt(): number;
};

/** Time as a governor sees it, in milliseconds. */
export type Clock = { now(): number; wait(milliseconds: number): Promise<void> };

/** The time of this process. */
export const realClock: Clock = {
  now: Date.now,
  wait: (milliseconds) => new Promise((done) => setTimeout(done, Math.max(0, milliseconds))),
};

/**
 * Holds the posts of all environments together under `rate` a second. `lease` takes posts out of a
 * slot's common count; `unasked` is the share of a slot that needs no lease. Posts that find none
 * wait for the next slot; nothing is dropped here.
 */
export function createGovernor(
  rate: number,
  lease: (slot: number, wanted: number, slotMax: number) => Promise<number>,
  clock: Clock = realClock,
  unasked = freeShare,
): Governor {
  const slotMax = Math.max(1, Math.floor((rate * slotMilliseconds) / 1000));
  const freeMax = Math.floor(slotMax * unasked);
  let slot = -1;
  let free = 0;
  let leased = 0;
  let own = 0;
  let pumping = false;
  const line: { go(): void; fail(error: unknown): void }[] = [];
  /** Numbers of the slots of the last second that were used up, oldest first. */
  const full: number[] = [];
  let limited = Number.NEGATIVE_INFINITY;

  function noteFull(used: number): void {
    if (full.at(-1) !== used) full.push(used);
    while (full[0]! <= used - slotsPerSecond) full.shift();
    if (full.length >= fullSlotsMin) limited = clock.now();
  }

  function turn(): void {
    const current = Math.floor(clock.now() / slotMilliseconds);
    if (current === slot) return;
    // What was leased for a slot and not used is void: it belonged to that time.
    slot = current;
    free = freeMax;
    leased = 0;
    own = 0;
  }

  function tryTake(): boolean {
    turn();
    if (free > 0) free -= 1;
    else if (leased > 0) leased -= 1;
    else return false;
    return true;
  }

  async function fill(): Promise<void> {
    turn();
    const asked = slot;
    if (own < ownMax) {
      const most = Math.min(slotMax, ownMax - own);
      const wanted = Math.min(most, Math.max(line.length, Math.ceil(slotMax * leaseShare)));
      const granted = await lease(asked, wanted, slotMax);
      turn();
      // Counted as of its slot, used when it is there: a slow answer makes posts late, never none.
      leased += granted;
      own += granted;
      if (granted > 0) return;
      noteFull(asked);
    }
    await clock.wait((asked + 1) * slotMilliseconds - clock.now());
  }

  /** Lets those go who wait, in their order: only who may go is woken, however many wait. */
  async function pump(): Promise<void> {
    pumping = true;
    try {
      while (line.length > 0) {
        let count = 0;
        while (count < line.length && tryTake()) line[count++]!.go();
        line.splice(0, count);
        if (line.length > 0) await fill();
      }
    } catch (error) {
      for (const { fail } of line.splice(0)) fail(error);
    }
    pumping = false;
  }

  function wait(): Promise<void> {
    const waiting = new Promise<void>((go, fail) => line.push({ go, fail }));
    if (!pumping) void pump();
    return waiting;
  }

  return {
    take: () => (line.length === 0 && tryTake() ? undefined : wait()),
    limitedAt: () => limited,
  };
}

type LeaseOf = (pool: Pool, slot: number, wanted: number, slotMax: number) => Promise<number>;

/** The share of the rate that large rooms leave to all others: greetings and small rooms. */
const restShare = 0.1;

/** Those of one environment: they share the stage's rate with all others by leases. */
export function createGovernors(
  rate: number,
  lease: LeaseOf = (pool, slot, wanted, slotMax) =>
    leasePosts(pool, slot, wanted, slotMax, new Date()),
  clock: Clock = realClock,
): { large: Governor; rest: Governor } {
  const leaseLarge = (slot: number, wanted: number, slotMax: number) =>
    lease("large", slot, wanted, slotMax - restOf(slotMax));
  const leaseRest = async (slot: number, wanted: number, slotMax: number) => {
    const own = await lease("rest", slot, wanted, restOf(slotMax));
    return own < wanted ? own + (await leaseLarge(slot, wanted - own, slotMax)) : own;
  };
  return {
    // Sixteen may post one room: what each took unasked would pass the rate by a sixth.
    large: createGovernor(rate, leaseLarge, clock, 0),
    rest: createGovernor(rate, leaseRest, clock),
  };
}

const restOf = (slotMax: number) => Math.ceil(slotMax * restShare);

let current: ReturnType<typeof createGovernors> | undefined;

function governors(): NonNullable<typeof current> {
  current ??= createGovernors(setting("POST_RATE"));
  return current;
}

/** The governor of this process, under the stage's rate. */
export const governor = (): Governor => governors().rest;

/** The governor of large rooms: it leaves a tenth of the rate to the others. */
export const largeGovernor = (): Governor => governors().large;

let limitedElsewhere = Number.NEGATIVE_INFINITY;

/** Notes when another process that posts for this one was last limited. */
export function noteLimited(at: number): void {
  limitedElsewhere = Math.max(limitedElsewhere, at);
}

/** When posts were last limited, in milliseconds since 1970: of this process, or noted by it. */
export const limitedAt = () =>
  Math.max(governor().limitedAt(), largeGovernor().limitedAt(), limitedElsewhere);

/** Puts other governors in their place: for tests and measurements. */
export function useGovernor(rest: Governor | undefined, large = rest): void {
  limitedElsewhere = Number.NEGATIVE_INFINITY;
  current = rest && large && { rest, large };
}
