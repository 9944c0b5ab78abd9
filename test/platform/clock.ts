import { jest } from "@jest/globals";

/** Sets the clock that `Date` shows, in milliseconds since 1970; timers go on in real time. */
export function setClock(now: number): void {
  const doNotFake = [
    ...(["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate"] as const),
    ...(["clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] as const),
  ];
  jest.useFakeTimers({ doNotFake, now });
}
