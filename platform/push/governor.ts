import { lazy } from "../runtime/caches.ts";
import { setting } from "../runtime/env.ts";
import { updateItem } from "../table/items.ts";
import { key } from "../table/keys.ts";

/**
 * The rate is divided into time slots, so that no period of one second exceeds the rate by more
 * than one slot.
 */
const slotMilliseconds = 40;

/**
 * Share of a slot that each environment may use without a lease, so that small rooms cost no write.
 * Five environments that do so at once exceed the rate by 5 %.
 */
const freeShare = 0.01;

/**
 * The number of slots whose unused free posts are kept, so that a frame to a small room, or missed
 * frames of a few returning viewers, cost no write either. They add 0.4 % of the rate to an
 * environment's busiest second, and nothing to its average.
 */
const freeSlotsKept = 10;

/**
 * Most posts that one environment leases per slot, about what its sockets can send in that time.
 * Without this limit, environments that post one room together would wait for the one that leased
 * the whole slot.
 */
const environmentMax = 500;

/** Minimum size of a lease, as a share of a slot. */
const leaseShare = 0.1;

/**
 * The rate counts as reached if this many slots of the last second were used up. A lower limit
 * would mislead: a single frame to a thousand viewers uses up three.
 */
const fullSlotsMin = 20;
const slotsPerSecond = 1000 / slotMilliseconds;

/** Limits posts to the account's rate. */
export type Governor = {
  /**
   * Acquires permission for one post: undefined if immediate, otherwise resolves after the wait.
   */
  take(): Promise<void> | undefined;
  /**
   * When a post last had to wait for the rate, here or in an environment reported to
   * `reportLimited`, in milliseconds since 1970; minus infinity if never.
   */
  limitedAt(): number;
  /**
   * Reports when another environment that posts for this one last had to wait (milliseconds since
   * 1970).
   */
  reportLimited(at: number): void;
};

/** The governor's clock, in milliseconds. */
export type Clock = { now(): number; wait(milliseconds: number): Promise<void> };

/** The system clock. */
export const realClock: Clock = {
  now: Date.now,
  wait: (milliseconds) => new Promise((done) => setTimeout(done, Math.max(0, milliseconds))),
};

/**
 * Creates a governor that keeps the posts of all environments together under `rate` per second.
 * `lease` takes posts from the slot's shared count and returns how many it got; `unasked` is the
 * share of a slot that needs no lease. Posts without permission wait for the next slot; none are
 * dropped. If `lease` throws, all waiting posts fail.
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
  /** Numbers of the used-up slots of the last second, oldest first. */
  const full: number[] = [];
  let limited = Number.NEGATIVE_INFINITY;

  function recordFull(used: number): void {
    if (full.at(-1) !== used) full.push(used);
    while (full[0]! <= used - slotsPerSecond) full.shift();
    if (full.length >= fullSlotsMin) limited = Math.max(limited, clock.now());
  }

  function advanceSlot(): void {
    const current = Math.floor(clock.now() / slotMilliseconds);
    if (current === slot) return;
    // Unused leases expire with their slot.
    free = Math.min(freeSlotsKept * freeMax, free + Math.max(0, current - slot) * freeMax);
    slot = current;
    leased = 0;
    slotLeases = 0;
  }

  function tryTake(): boolean {
    advanceSlot();
    if (free > 0) free -= 1;
    else if (leased > 0) leased -= 1;
    else return false;
    return true;
  }

  async function fill(): Promise<void> {
    advanceSlot();
    const wantedSlot = slot;
    if (slotLeases < environmentMax) {
      const most = Math.min(slotMax, environmentMax - slotLeases);
      const wanted = Math.min(most, Math.max(line.length, Math.ceil(slotMax * leaseShare)));
      const granted = await lease(wantedSlot, wanted, slotMax);
      advanceSlot();
      // Counted for the slot in which it began, but usable later: a slow lease only delays posts.
      leased += granted;
      slotLeases += granted;
      if (granted > 0) return;
      recordFull(wantedSlot);
    }
    await clock.wait((wantedSlot + 1) * slotMilliseconds - clock.now());
  }

  /** Releases waiting posts in order. Wakes only those that may go, however many wait. */
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
    reportLimited(at) {
      limited = Math.max(limited, at);
    },
  };
}

type LeaseOf = (pool: Pool, slot: number, wanted: number, slotMax: number) => Promise<number>;

/**
 * Share of the rate that large rooms leave to everything else: responses to subscribers and small
 * rooms.
 */
const reserveShare = 0.1;

/**
 * Creates the governors of one environment, which share the stage's rate with all others by leases.
 * The governor of large rooms leaves a tenth of the rate to the others.
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
    // Up to 16 environments may post one room; their unleased shares would exceed the rate by a
    // sixth.
    large: createGovernor(rate, leaseLarge, clock, 0),
    others: createGovernor(rate, leaseOthers, clock),
  };
}

const reserveOf = (slotMax: number) => Math.ceil(slotMax * reserveShare);

/** The governors of this process, at the stage's rate. */
export const ownGovernors = lazy(() => createGovernors(setting("POST_RATE")));

/** Seconds after which the count of a time slot expires. */
const keptSeconds = 3600;

/** The two counts of a slot: posts of large rooms, and posts reserved for everything else. */
export type Pool = "large" | "rest";

/**
 * Leases up to `wanted` posts from the stage's limit for one time slot. Returns how many were
 * granted. All posting functions share the counts, so together they stay under the account's rate.
 */
export async function leasePosts(
  pool: Pool,
  slot: number,
  wanted: number,
  slotMax: number,
  now: Date,
): Promise<number> {
  const counted = await updateItem({
    Key: key.postRate(pool, slot),
    UpdateExpression: "SET expiresAt = :expires ADD taken :wanted",
    ExpressionAttributeValues: {
      ":wanted": wanted,
      ":expires": Math.floor(now.getTime() / 1000) + keptSeconds,
    },
    ReturnValues: "UPDATED_NEW",
  });
  const before = Number(counted?.taken ?? wanted) - wanted;
  return Math.min(wanted, Math.max(0, slotMax - before));
}
