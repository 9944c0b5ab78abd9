/**
 * A clock that goes on as soon as nothing is left to do: 100,000 viewers for minutes in seconds.
 * While it is installed, `Date` and the timers of this process are its own, so that the code under
 * measurement waits in simulated time only. Time is whole milliseconds.
 */
export type Clock = {
  now(): number;
  /** Does something at a time; what is due at the same time is done in the order of asking. */
  at(time: number, act: () => void): void;
  wait(milliseconds: number): Promise<void>;
  /** Lets the time pass up to `end`. */
  run(end: number): Promise<void>;
  uninstall(): void;
};

type Slot = { time: number; acts: (() => void)[] };

const real = { Date, setTimeout, clearTimeout, setImmediate };

/** All promises that can go on without time passing have gone on. */
const settled = () => new Promise<void>((done) => real.setImmediate(done));

/** Installs a clock that stands at `start`, milliseconds since 1970. */
export function installClock(start: number): Clock {
  let now = start;
  const slots = new Map<number, Slot>();
  const heap: Slot[] = [];

  const at = (time: number, act: () => void) => {
    const due = Math.max(now, Math.ceil(time));
    const slot = slots.get(due);
    if (slot !== undefined) return void slot.acts.push(act);
    const made = { time: due, acts: [act] };
    slots.set(due, made);
    push(heap, made);
  };
  const clock: Clock = {
    now: () => now,
    at,
    wait: (milliseconds) => new Promise((done) => at(now + milliseconds, done)),
    async run(end) {
      await settled();
      while (heap[0] !== undefined && heap[0].time <= end) {
        const slot = heap[0];
        now = slot.time;
        const acts = slot.acts.splice(0);
        for (const act of acts) act();
        await settled();
        // What was asked for this very time meanwhile comes next.
        if (slot.acts.length > 0) continue;
        pop(heap);
        slots.delete(slot.time);
      }
      now = end;
    },
    uninstall: () => Object.assign(globalThis, real),
  };
  Object.assign(globalThis, { Date: dateOf(clock), ...timersOf(clock) });
  return clock;
}

const dateOf = (clock: Clock) =>
  class extends real.Date {
    constructor(given?: number | string | Date) {
      super(given ?? clock.now());
    }
    static override now(): number {
      return clock.now();
    }
  };

function timersOf(clock: Clock) {
  return {
    setTimeout(act: () => void, milliseconds = 0) {
      const timer = {
        isOff: false,
        unref: () => timer,
        ref: () => timer,
        hasRef: () => true,
      };
      clock.at(clock.now() + Math.max(1, milliseconds), () => timer.isOff || act());
      return timer;
    },
    clearTimeout(timer: { isOff: boolean } | undefined) {
      if (timer !== undefined) timer.isOff = true;
    },
  };
}

function push(heap: Slot[], slot: Slot): void {
  let at = heap.push(slot) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]!.time <= slot.time) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = slot;
}

function pop(heap: Slot[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]!.time < heap[child]!.time) child += 1;
    if (heap[child]!.time >= last.time) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
