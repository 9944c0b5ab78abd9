import { jest } from "@jest/globals";

/** Sets the clock that `Date` shows, in milliseconds since 1970; timers go on in real time. */
export function setClock(now: number): void {
  const doNotFake = [
    ...(["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const),
    ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
  ];
  jest.useFakeTimers({ doNotFake, now });
}

const pass = setTimeout;

/** Runs something whose pauses end at once: a second of its clock takes ten milliseconds. */
export async function passQuickly<T>(act: () => Promise<T>): Promise<T> {
  jest.useFakeTimers({
    doNotFake: ["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"],
    now: Date.now(),
  });
  let isOver = false;
  const result = act().finally(() => {
    isOver = true;
  });
  // A failure is the caller's.
  result.catch(() => {});
  while (!isOver) {
    await jest.advanceTimersByTimeAsync(100);
    await new Promise((done) => pass(done, 1));
  }
  return result;
}
