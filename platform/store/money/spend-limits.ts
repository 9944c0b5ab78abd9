import type { SpendLimits } from "../../../domain/money/wallet.ts";
import { setting } from "../../runtime/env.ts";

/** What the stage allows one user to spend, whatever they spend it on. */
export const spendLimits = (): SpendLimits => ({
  giftsPerSecond: setting("GIFTS_PER_SECOND"),
  spendLimit: setting("SPEND_LIMIT"),
});
