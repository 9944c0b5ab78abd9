import { setting } from "../runtime/env.ts";
import { lazy } from "../runtime/init.ts";
import { leasePosts, type Pool } from "../store/log/post-leases.ts";

/**
 * The rate is counted in slots of time, each with its share, so that no second, wherever it begins,
 * has more posts than the rate and one slot.
 */
const slotMilliseconds = 40;

/**
 * The share of a slot that each environment may use without asking: small rooms then cost no write,
 * and five environments that do so together exceed the rate by a twentieth.
 */
const freeShare = 0.01;

/**
 * The most posts that one environment takes out of a slot, about what its sockets carry in that
 * time: otherwise a room that several post would wait for the one which took them all.
 */
const environmentMax = 500;

/** The fewest posts that a lease asks for, as a share of a slot. */
const leaseShare = 0.1;

/**
 * The rate counts as reached when this many of the last second's slots have been used up. Fewer
 * mean nothing: one frame to a thousand viewers uses up three, however seldom it comes.
 */
const fullSlotsMin = 20;
const slotsPerSecond = 1000 / slotMilliseconds;

/** What stands between the posts and the account's rate. */
export type Governor = {
  /** Lets one post go: at once (undefined), or when the wait is over. */
  take(): Promise<void> | undefined;
  /**
   * When posts last had to wait for the rate, here or in an environment that it was noted of, in
   * milliseconds since 1970.
   */
  limitedAt(): number;
  /** Notes when another environment that posts for this one was last limited. */
  noteLimited(at: number): void;
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
  let slotLeases = 0;
  let pumping = false;
  const line: { go(): void; fail(error: unknown): void }[] = [];
  /** Numbers of the slots of the last second that were used up, oldest first. */
  const full: number[] = [];
  let limited = Number.NEGATIVE_INFINITY;

  function noteFull(used: number): void {
    if (full.at(-1) !== used) full.push(used);
    while (full[0]! <= used - slotsPerSecond) full.shift();
    if (full.length >= fullSlotsMin) limited = Math.max(limited, clock.now());
  }

  function turn(): void {
    const current = Math.floor(clock.now() / slotMilliseconds);
    if (current === slot) return;
    // What was leased for a slot and not used is void: it belonged to that time.
    slot = current;
    free = freeMax;
    leased = 0;
    slotLeases = 0;
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
    const wantedSlot = slot;
    if (slotLeases < environmentMax) {
      const most = Math.min(slotMax, environmentMax - slotLeases);
      const wanted = Math.min(most, Math.max(line.length, Math.ceil(slotMax * leaseShare)));
      const granted = await lease(wantedSlot, wanted, slotMax);
      turn();
      // Counted for its own slot, used when it arrives: a slow answer delays posts, it stops none.
      leased += granted;
      slotLeases += granted;
      if (granted > 0) return;
      noteFull(wantedSlot);
    }
    await clock.wait((wantedSlot + 1) * slotMilliseconds - clock.now());
  }

  /** Lets waiting posts go in their order; only those that may go are woken, however many wait. */
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
    noteLimited(at) {
      limited = Math.max(limited, at);
    },
  };
}

type LeaseOf = (pool: Pool, slot: number, wanted: number, slotMax: number) => Promise<number>;

/** The share of the rate that large rooms leave to all others: greetings and small rooms. */
const reserveShare = 0.1;

/**
 * Those of one environment: they share the stage's rate with all others by leases. That of large
 * rooms leaves a tenth of the rate to the others.
 */
export function createGovernors(
  rate: number,
  lease: LeaseOf = (pool, slot, wanted, slotMax) =>
    leasePosts(pool, slot, wanted, slotMax, new Date()),
  clock: Clock = realClock,
): { large: Governor; others: Governor } {
  const leaseLarge = (slot: number, wanted: number, slotMax: number) =>
    lease("large", slot, wanted, slotMax - reserveOf(slotMax));
  const leaseOthers = async (slot: number, wanted: number, slotMax: number) => {
    const reserved = await lease("rest", slot, wanted, reserveOf(slotMax));
    if (reserved >= wanted) return reserved;
    return reserved + (await leaseLarge(slot, wanted - reserved, slotMax));
  };
  return {
    // Sixteen may post one room: what each took without a lease would exceed the rate by a sixth.
    large: createGovernor(rate, leaseLarge, clock, 0),
    others: createGovernor(rate, leaseOthers, clock),
  };
}

const reserveOf = (slotMax: number) => Math.ceil(slotMax * reserveShare);

/** The governors of this process, under the stage's rate. */
export const ownGovernors = lazy(() => createGovernors(setting("POST_RATE")));
