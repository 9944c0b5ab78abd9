import { jest } from "@jest/globals";

/** Clocks and timers that a test's clock never replaces. */
const real = ["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const;

/** Sets the clock that `Date` shows, in milliseconds since 1970; timers go on in real time. */
export function setClock(now: number): void {
  const doNotFake = [
    ...real,
    ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
  ];
  jest.useFakeTimers({ doNotFake, now });
}

const pass = setTimeout;

/**
 * Runs something on a clock whose second takes ten milliseconds, so that its pauses end soon.
 * `Date` stays at that clock's time until the test calls `jest.useRealTimers()`.
 */
export async function passQuickly<T>(act: () => Promise<T>): Promise<T> {
  jest.useFakeTimers({ doNotFake: [...real], now: Date.now() });
  let isOver = false;
  const result = act().finally(() => {
    isOver = true;
  });
  // The caller handles a failure.
  result.catch(() => {});
  while (!isOver) {
    await jest.advanceTimersByTimeAsync(100);
    await new Promise((done) => pass(done, 1));
  }
  return result;
}
