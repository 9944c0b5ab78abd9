import type { Migration } from "../../platform/table/migrate.ts";

/** What was once an amount as text becomes credits. */
export const credits: Migration = {
  from: 5,
  to: 6,
  change({ amount, ...item }) {
    return amount === undefined ? undefined : { ...item, credits: Number(amount) };
  },
};
