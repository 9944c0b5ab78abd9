import type { Migration } from "../../platform/table/migrate.ts";

/** A sample migration: an amount as text becomes a number of credits. */
export const credits: Migration = {
  from: 5,
  to: 6,
  change({ amount, ...item }) {
    return amount === undefined ? undefined : { ...item, credits: Number(amount) };
  },
};
