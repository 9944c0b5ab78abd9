import { AsyncLocalStorage } from "node:async_hooks";
import { createGovernors, type Governor } from "../../../platform/push/governor.ts";
import type { Clock } from "./clock.ts";

/**
 * Which function's environment the running code belongs to: on AWS each has its own line of posts
 * and its own governor, here they share a process.
 */
export const environment = new AsyncLocalStorage<string>();

const busyUntil = new Map<string, number>();

/** Lets the running code compute for so long: its environment has one vCPU. */
export async function compute(clock: Clock, milliseconds: number): Promise<void> {
  const name = environment.getStore() ?? "";
  const until = Math.max(clock.now(), busyUntil.get(name) ?? 0) + milliseconds;
  busyUntil.set(name, until);
  await clock.wait(until - clock.now());
}

/**
 * Governors that are those of the running code's environment: each has its own, and the lease is
 * what they share.
 */
export function separateGovernors(postRate: number): Record<"others" | "large", Governor> {
  const known = new Map<string, ReturnType<typeof createGovernors>>();
  const own = () => {
    const name = environment.getStore() ?? "";
    const found = known.get(name);
    if (found !== undefined) return found;
    const made = createGovernors(postRate);
    known.set(name, made);
    return made;
  };
  const facade = (which: "others" | "large"): Governor => ({
    take: () => own()[which].take(),
    limitedAt: () => own()[which].limitedAt(),
    reportLimited: (at) => own()[which].reportLimited(at),
  });
  return { others: facade("others"), large: facade("large") };
}
