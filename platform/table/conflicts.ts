import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { pauseFor } from "../runtime/deadline.ts";

/**
 * Attempts of one write against conflicts with others, before the caller gets a 503: about 3 s. Of
 * transactions that conflict 9 times in 10, four in five succeed by then.
 */
export const triesMax = 16;

/** Pauses before the next attempt: full jitter, doubling, at most half a second. */
export async function pause(attempt: number): Promise<void> {
  const longest = Math.min(500, 10 * 2 ** attempt);
  await pauseFor(Math.random() * longest);
}

/** The result of an attempt whose condition another call has changed. */
export const conflicted = Symbol("conflicted");

/**
 * Reads, decides and writes, and repeats this if another call was faster: after a pause each time,
 * up to a limit, then refuses with `unavailable`. The first `fresh` attempts do not pause: for
 * callers that get the current state from the refused write and decide on it while it is new.
 */
export async function retryOnConflict<A>(
  attempt: () => Promise<A | typeof conflicted>,
  { tries = triesMax, fresh = 0 } = {},
): Promise<A> {
  for (let n = 1; n <= tries; n++) {
    const answer = await attempt();
    if (answer !== conflicted) return answer;
    if (n >= fresh && n < tries) await pause(n - fresh);
  }
  return refuse("unavailable");
}

/**
 * Retries single writes whose item was in a transaction, up to a limit and then `unavailable`: they
 * were not executed, and the SDK does not retry them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
export function retryConflicts(client: DynamoDBDocumentClient): DynamoDBDocumentClient {
  const send = async (...given: Parameters<typeof client.send>) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.send(...given);
      } catch (error) {
        if ((error as Error).name !== "TransactionConflictException") throw error;
        if (attempt >= triesMax) refuse("unavailable");
        await pause(attempt);
      }
    }
  };
  return Object.assign(Object.create(client) as DynamoDBDocumentClient, { send });
}

/** Errors after which it is not known whether the transaction was committed. */
export function isOutcomeUnknown(error: unknown): boolean {
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

/** Whether the failure is transient: the same call may succeed later. */
export const isTransient = (error: unknown): boolean =>
  isOutcomeUnknown(error) || (error instanceof Refusal && error.code === "unavailable");

/** Whether a partition, a table or a queue gets too many requests: later the call may succeed. */
function isThrottle(error: unknown): boolean {
  const { name } = error as { name?: string };
  return (
    name === "ProvisionedThroughputExceededException" ||
    name === "ThrottlingException" ||
    name === "RequestLimitExceeded" ||
    name === "RequestThrottled"
  );
}
