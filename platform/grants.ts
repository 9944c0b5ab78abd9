/** The kinds of partitions of the one table, as keys.ts spells them (the part before `#`). */
export type Partition =
  | "USER"
  | "WALLET"
  | "REPLAY"
  | "LEDGER"
  | "STREAM"
  | "FRAMES"
  | "CONN"
  | "CATALOGUE"
  | "GIFT"
  | "GIFTID"
  | "BAN"
  | "PARKED"
  | "SWEEP"
  | "NAME"
  | "FIND"
  | "ROOM"
  | "RATE";

/** The queues of a stage. */
export type QueueName =
  | "combos"
  | "moments"
  | "notices"
  | "notifications"
  | "posts"
  | "resumes"
  | "users";

/** The functions that others of ours may invoke, by their names in the route table. */
export type TaskName = "realtime/post-part";

/**
 * What one function may do outside itself. lib/ makes its role from this and nothing else:
 * `read` is Get, BatchGet and Query, `write` is Put, Update, Delete and ConditionCheck of items
 * whose partition key begins so. Of LEDGER nobody may update or delete: `write` means Put there.
 */
export type Grants = {
  read?: readonly Partition[];
  write?: readonly Partition[];
  /** Query of the sparse index of gifts that are not settled, by receiver. */
  dueIndex?: true;
  /**
   * Scan of that index, for the sweep that knows no receivers; it holds what is not settled only.
   */
  dueScan?: true;
  queues?: readonly QueueName[];
  /** Functions that it invokes and waits for, by their names in the route table. */
  tasks?: readonly TaskName[];
  /** Post to and close WebSocket connections. */
  connections?: true;
  /** The secret key of the Tencent application. */
  tencentSecret?: true;
};

/** How much a function is given, where it is not `defaults`. */
export type Resources = { memoryMegabytes?: number; timeoutSeconds?: number };

/** What a function is given unless its contract says otherwise. */
export const defaults = { memoryMegabytes: 256, timeoutSeconds: 10 } satisfies Resources;
