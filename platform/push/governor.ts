import { setting } from "../env.ts";
import { leasePosts } from "../store/post-leases.ts";

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

/** Posts that one lease asks for at least, as a share of a slot. */
const leaseShare = 0.1;

/** What stands between the posts and the account's rate. */
export type Governor = {
  /** Lets one post go: at once (undefined), or when the wait is over. */
  take(): Promise<void> | undefined;
  /** When a post last had to wait, in milliseconds since 1970. */
  limitedAt(): number;
};

type Clock = { now(): number; wait(milliseconds: number): Promise<void> };

const realClock: Clock = {
  now: Date.now,
  wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
};

/**
 * Holds the posts of all environments together under `rate` a second. `lease` takes posts out of a
 * slot's common count. Posts that find none wait for the next slot; nothing is dropped here.
 */
export function createGovernor(
  rate: number,
  lease: (slot: number, wanted: number, slotMax: number) => Promise<number>,
  clock: Clock = realClock,
): Governor {
  const slotMax = Math.max(1, Math.floor((rate * slotMilliseconds) / 1000));
  const freeMax = Math.floor(slotMax * freeShare);
  let slot = -1;
  let free = 0;
  let leased = 0;
  let waiting = 0;
  let filling: Promise<void> | undefined;
  let limited = Number.NEGATIVE_INFINITY;

  function turn(): void {
    const current = Math.floor(clock.now() / slotMilliseconds);
    if (current === slot) return;
    // What was leased for a slot and not used is void: it belonged to that time.
    slot = current;
    free = freeMax;
    leased = 0;
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
    const wanted = Math.min(slotMax, Math.max(waiting, Math.ceil(slotMax * leaseShare)));
    const granted = await lease(asked, wanted, slotMax);
    turn();
    if (slot === asked) leased += granted;
    if (granted > 0) return;
    limited = clock.now();
    await clock.wait((asked + 1) * slotMilliseconds - clock.now());
  }

  async function waitForOne(): Promise<void> {
    waiting += 1;
    while (!tryTake()) {
      filling ??= fill().finally(() => {
        filling = undefined;
      });
      await filling;
    }
    waiting -= 1;
  }

  return { take: () => (tryTake() ? undefined : waitForOne()), limitedAt: () => limited };
}

let current: Governor | undefined;

/** The governor of this process, under the stage's rate. */
export function governor(): Governor {
  current ??= createGovernor(setting("POST_RATE"), (slot, wanted, slotMax) =>
    leasePosts(slot, wanted, slotMax, new Date()),
  );
  return current;
}

/** Puts another governor in its place: for tests and measurements. */
export function useGovernor(other: Governor | undefined): void {
  current = other;
}
