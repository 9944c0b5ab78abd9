import { randomUUID } from "node:crypto";
import type { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import { TransactWriteCommand, type TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { pause, triesMax } from "./conflicts.ts";
import { type Item, plain, table, tableName } from "./table.ts";

type Part = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];
type WithoutTable<T> = T extends object ? Omit<T, "TableName"> : never;

/** One action of a transaction; the table's name is filled in. */
export type Action = {
  [Kind in keyof Part]?: WithoutTable<NonNullable<Part[Kind]>>;
} & {
  /** The name of the action, to identify a failed condition. */
  label?: string;
};

/**
 * Which conditions failed, by label, each with the existing item if the action requested it.
 */
export type Failed = Map<string, Item | undefined>;

/**
 * Commits all actions or none (TransactWriteItems: at most 100 actions, no item twice). Returns
 * undefined when committed, or which conditions failed. DynamoDB evaluates each item separately: if
 * one was not evaluated (another transaction holds it, its partition is throttled), the failed
 * conditions are incomplete, and everything is retried with jitter, up to a limit, then refused
 * with `unavailable`. Two cases are certain even so: an existing `marker`, and, if no condition
 * failed, a conflict on the marker without one on a wallet, which is another call with the same
 * key: refused with `key_in_progress`. After a lost response (timeout, 5xx) the same items are sent
 * with the same ClientRequestToken until the result is definite, so a decision is never applied
 * twice.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
export async function transact(actions: readonly Action[]): Promise<Failed | undefined> {
  const labels = actions.map(({ label }, at) => label ?? String(at));
  const TransactItems = actions.map(({ label: _, ...action }) => withTable(action));
  let token = randomUUID();
  for (let attempt = 1; ; attempt++) {
    try {
      await table().send(new TransactWriteCommand({ TransactItems, ClientRequestToken: token }));
      return undefined;
    } catch (error) {
      if (isCancelled(error)) {
        const failed = failedConditions(error, labels);
        if (failed.size > 0 && (failed.has("marker") || isJudged(error))) return failed;
        if (failed.size === 0 && isOfOneKey(error, labels)) refuse("key_in_progress");
        // A cancelled transaction is final: only now is it safe to use another token.
        token = randomUUID();
      } else if (!isIndefinite(error)) throw error;
      if (attempt >= triesMax) refuse("unavailable");
      await pause(attempt);
    }
  }
}

const isCancelled = (error: unknown): error is TransactionCanceledException =>
  (error as Error).name === "TransactionCanceledException";

function withTable(action: Omit<Action, "label">): Part {
  const [[kind, body] = []] = Object.entries(action);
  if (kind === undefined) throw new Error("An action of a transaction is empty");
  return { [kind]: { TableName: tableName(), ...body } } as Part;
}

function failedConditions(error: TransactionCanceledException, labels: string[]) {
  const failed: Failed = new Map();
  for (const [at, reason] of (error.CancellationReasons ?? []).entries()) {
    if (reason.Code === "ConditionalCheckFailed") failed.set(labels[at]!, plain(reason.Item));
    if (reason.Code === "ValidationError") throw error;
  }
  return failed;
}

/** Whether the condition of every item was evaluated: held (None) or failed. */
const isJudged = ({ CancellationReasons = [] }: TransactionCanceledException): boolean =>
  CancellationReasons.every(({ Code }) => Code === "None" || Code === "ConditionalCheckFailed");

/**
 * Whether only the marker conflicted: a conflict on a wallet as well means that more was going on.
 */
function isOfOneKey({ CancellationReasons = [] }: TransactionCanceledException, labels: string[]) {
  const conflicts = labels.filter(
    (_, at) => CancellationReasons[at]?.Code === "TransactionConflict",
  );
  return conflicts.includes("marker") && !conflicts.some((label) => label.startsWith("wallet:"));
}

/** Errors after which it is unknown whether the transaction was committed. */
function isIndefinite(error: unknown): boolean {
  const { name, $metadata, code } = error as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if (name === "TransactionInProgressException" || isThrottle(error)) return true;
  if (($metadata?.httpStatusCode ?? 0) >= 500) return true;
  return (
    name === "TimeoutError" || code === "ECONNRESET" || code === "ECONNREFUSED" || code === "EPIPE"
  );
}

/** Whether an error is transient, so that the same call may succeed later. */
export const isPassing = (error: unknown): boolean =>
  isIndefinite(error) || (error instanceof Refusal && error.code === "unavailable");

/** Too many requests for a partition, a table or a queue: nothing was done, a retry may succeed. */
function isThrottle(error: unknown): boolean {
  const { name } = error as { name?: string };
  return (
    name === "ProvisionedThroughputExceededException" ||
    name === "ThrottlingException" ||
    name === "RequestLimitExceeded" ||
    name === "RequestThrottled"
  );
}
