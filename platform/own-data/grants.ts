import type { Partition } from "../table/keys.ts";

/** What an erasure reads and writes: it goes wherever something of a user may lie. */
export const erasureGrants = {
  read: [
    ...["USER", "WALLET", "LEDGER", "REPLAY", "STREAM", "FRAMES", "TRACE"],
    ...["ERASURE", "BAN", "SENDER", "OVERLAY", "CROWD", "ESCROW"],
  ] as Partition[],
  write: [
    ...["USER", "REPLAY", "STREAM", "CHAT", "FRAMES", "TRACE", "ERASURE", "BAN", "SENDER"],
    ...["REMINDER", "OVERLAY", "CROWD", "PUSH", "ESCROW", "PLANNED", "LIST"],
  ] as Partition[],
  queues: ["erasures"],
} as const;
