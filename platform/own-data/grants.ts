import type { Partition } from "../table/keys.ts";

/** The grants of an erasure, which reaches every place that may hold a user's data. */
export const erasureGrants = {
  read: [
    "USER",
    "WALLET",
    "LEDGER",
    "REPLAY",
    "STREAM",
    "FRAMES",
    "TRACE",
    "ERASURE",
    "BAN",
    "SENDER",
    "OVERLAY",
    "CROWD",
    "ESCROW",
  ] as Partition[],
  write: [
    "USER",
    "REPLAY",
    "STREAM",
    "CHAT",
    "FRAMES",
    "TRACE",
    "ERASURE",
    "BAN",
    "SENDER",
    "REMINDER",
    "OVERLAY",
    "CROWD",
    "PUSH",
    "ESCROW",
    "PLANNED",
    "LIST",
  ] as Partition[],
  queues: ["erasures"],
} as const;
