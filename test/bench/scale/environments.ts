import { AsyncLocalStorage } from "node:async_hooks";
import { createGovernor, type Governor, useGovernor } from "../../../platform/push/governor.ts";
import { leasePosts } from "../../../platform/store/post-leases.ts";

/**
 * Which function's environment the running code belongs to: on AWS each has its own line of posts
 * and its own governor, here they share a process.
 */
export const environment = new AsyncLocalStorage<string>();

/** Gives each environment a governor of its own; the lease is what they share. */
export function separateGovernors(postRate: number): void {
  const governors = new Map<string, Governor>();
  const own = (): Governor => {
    const name = environment.getStore() ?? "";
    const found = governors.get(name);
    if (found !== undefined) return found;
    const made = createGovernor(postRate, (slot, wanted, slotMax) =>
      leasePosts(slot, wanted, slotMax, new Date()),
    );
    governors.set(name, made);
    return made;
  };
  useGovernor({ take: () => own().take(), limitedAt: () => own().limitedAt() });
}
