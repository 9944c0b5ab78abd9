import type { Poster } from "../../../platform/push/gateway.ts";
import type { Governor } from "../../../platform/push/governor.ts";

/** A governor that lets every post go at once, and was never limited. */
export const freeGovernor: Governor = {
  take: () => undefined,
  limitedAt: () => Number.NEGATIVE_INFINITY,
  reportLimited: () => undefined,
};

/** A gateway that accepts everything, except what a test overrides. */
export const posterWith = (own: Partial<Poster>): Poster => ({
  post: async () => "sent",
  close: async () => "sent",
  probe: async () => "sent",
  ...own,
});
