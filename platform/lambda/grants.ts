import type { Partition } from "../table/keys.ts";

/** The queues of a stage. */
export const queueNames = [
  "combos",
  "deliveries",
  "endings",
  "erasures",
  "fetches",
  "moments",
  "notices",
  "notifications",
  "plans",
  "posts",
  "resumes",
  "retries",
  "rooms",
  "reversals",
  "sums",
  "users",
] as const;
export type QueueName = (typeof queueNames)[number];

/** Our functions that other functions may invoke, by name in the route table. */
export type TaskName = "realtime/post-part";

/**
 * External access of one function. lib/compute/ builds its IAM role from this, and adds only what
 * every function needs for its log, its event source and the stage's relay. `read` allows Get,
 * BatchGet and Query, `write` allows Put, Update, Delete and ConditionCheck of items whose
 * partition key has this prefix. No function may update or delete in LEDGER: `write` means Put
 * there.
 */
export type Grants = {
  read?: readonly Partition[];
  write?: readonly Partition[];
  /** Query of the sparse index of what is due, such as unsettled gifts by receiver. */
  dueIndex?: true;
  /**
   * Scan of that index, for the sweep, which does not know the receivers; it has no other items.
   */
  dueScan?: true;
  queues?: readonly QueueName[];
  /** Functions that it invokes and waits for, by name in the route table. */
  tasks?: readonly TaskName[];
  /** Post to and close WebSocket connections. */
  connections?: true;
  /** Checks whether a relay is running, in stages with relays. */
  relays?: true;
  /** The secret key of the Tencent application. */
  tencentSecret?: true;
  /** The bucket of pictures: get its objects, put them, or list and delete them. */
  pictures?: readonly ("read" | "write" | "sweep")[];
  /** The key in the URL of callbacks from Tencent. */
  callbackSecret?: true;
  /** Looks up users of the stage's own user pool. */
  userPool?: true;
  /** Reads the issuer's settings and may call it; authorizers always may. */
  issuer?: true;
};

/** A function's memory and time limit; `defaults` replace what is absent. */
export type Resources = { memoryMegabytes?: number; timeoutSeconds?: number };

/** The resources of a function unless its contract overrides them. */
export const defaults = { memoryMegabytes: 256, timeoutSeconds: 10 } satisfies Resources;

/** The resources of a function that decodes pictures: a whole processor, and time for it. */
export const decoding = { memoryMegabytes: 1769, timeoutSeconds: 25 } satisfies Resources;

/** Memory of functions that a caller waits for (docs/decisions/code-structure.md). */
const waitedForMegabytes = 512;

/** Kinds of functions that process events, or do a part of another function's work. */
const behindTheScenes: ReadonlySet<string> = new Set(["consumer", "task"]);

/** The memory of a function in megabytes, which also decides its share of a processor. */
export const memoryOf = ({ kind, memoryMegabytes }: Resources & { kind: string }): number =>
  memoryMegabytes ?? (behindTheScenes.has(kind) ? defaults.memoryMegabytes : waitedForMegabytes);
