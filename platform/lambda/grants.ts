import type { Partition } from "../table/keys.ts";

/** The queues of a stage. */
export type QueueName =
  | "combos"
  | "deliveries"
  | "endings"
  | "erasures"
  | "moments"
  | "notices"
  | "notifications"
  | "plans"
  | "posts"
  | "resumes"
  | "retries"
  | "rooms"
  | "reversals"
  | "sums"
  | "users";

/** The functions that others of ours may invoke, by their names in the route table. */
export type TaskName = "realtime/post-part";

/**
 * What one function may do outside itself. lib/ makes its role from this and nothing else: `read`
 * is Get, BatchGet and Query, `write` is Put, Update, Delete and ConditionCheck of items whose
 * partition key begins that way. Nobody may update or delete in LEDGER: `write` means Put there.
 */
export type Grants = {
  read?: readonly Partition[];
  write?: readonly Partition[];
  /** Query of the sparse index of gifts that are not settled, by receiver. */
  dueIndex?: true;
  /**
   * Scan of that index, for the sweep that knows no receivers; it holds only what is not settled.
   */
  dueScan?: true;
  queues?: readonly QueueName[];
  /** Functions that it invokes and waits for, by their names in the route table. */
  tasks?: readonly TaskName[];
  /** Post to and close WebSocket connections. */
  connections?: true;
  /** Looks whether a relay lives, in a stage that has them. */
  relays?: true;
  /** The secret key of the Tencent application. */
  tencentSecret?: true;
  /** The bucket of pictures: get its objects, put them, or list and delete them. */
  pictures?: readonly ("read" | "write" | "sweep")[];
  /** The key in the address of callbacks from Tencent. */
  callbackSecret?: true;
  /** Looks up users of the stage's own user pool. */
  userPool?: true;
  /** Knows the stage's issuer and may ask it; authorizers always do. */
  issuer?: true;
};

/** With what a function needs that counts its callers' uses. */
export const withBucket = (grants: Grants): Grants => ({
  ...grants,
  write: [...(grants.write ?? []), "BUCKET"],
});

/** With what a function needs that refuses callers whose token was revoked. */
export const withRevocations = (grants: Grants): Grants => ({
  ...grants,
  read: [...(grants.read ?? []), "REVOKED"],
});

/** With what a function needs that remembers the Idempotency-Keys of its calls. */
export const withReplay = (grants: Grants): Grants => ({
  ...grants,
  read: [...(grants.read ?? []), "REPLAY"],
  write: [...(grants.write ?? []), "REPLAY"],
});

/** How much a function is given, where it is not `defaults`. */
export type Resources = { memoryMegabytes?: number; timeoutSeconds?: number };

/** What a function is given unless its contract says otherwise. */
export const defaults = { memoryMegabytes: 256, timeoutSeconds: 10 } satisfies Resources;

/** What a function is given that decodes a picture: a whole processor, and time for it. */
export const decoding = { memoryMegabytes: 1769, timeoutSeconds: 25 } satisfies Resources;

/** Memory of functions that a caller waits for (docs/decisions/code-structure.md). */
const waitedForMegabytes = 512;

/** Kinds of functions that react to what has happened, or do a part of another's work. */
const behindTheScenes: ReadonlySet<string> = new Set(["consumer", "task"]);

/** The memory of a function in megabytes, and with it its share of a processor. */
export const memoryOf = ({ kind, memoryMegabytes }: Resources & { kind: string }): number =>
  memoryMegabytes ?? (behindTheScenes.has(kind) ? defaults.memoryMegabytes : waitedForMegabytes);
