import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { wait } from "./figures.ts";

/** Conflicts, transactions and units of a client's calls. */
export type Seen = {
  conflicts: number;
  transactions: number;
  writeUnits: number;
  readUnits: number;
};

/** How long a DynamoDB transaction takes on AWS; a local engine takes one or two milliseconds. */
const transactionMilliseconds = 12;

type Part = Record<string, { Item?: Key; Key?: Key } | undefined>;
type Key = { PK?: unknown; SK?: unknown };

/**
 * Makes a local engine handle overlapping transactions like DynamoDB: of two transactions that
 * share an item at the same time, DynamoDB cancels one, and no local engine does. Every transaction
 * takes as long as on AWS, and one that touches an item of another one in flight is cancelled with
 * TransactionConflict. Counts the units that the engine reports.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
 */
export function addConflicts(client: DynamoDBDocumentClient): Seen {
  const seen: Seen = { conflicts: 0, transactions: 0, writeUnits: 0, readUnits: 0 };
  const inFlight = new Set<string>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = args.input as { TransactItems?: Part[]; ReturnConsumedCapacity?: string };
      input.ReturnConsumedCapacity = "TOTAL";
      const run = async () => {
        const answer = await next(args);
        countUnits(seen, context.commandName ?? "", answer.output);
        return answer;
      };
      if (input.TransactItems === undefined) return run();
      const keys = input.TransactItems.map(keyOf);
      const taken = keys.map((key) => inFlight.has(key));
      seen.transactions++;
      if (taken.some(Boolean)) {
        seen.conflicts++;
        await wait(transactionMilliseconds / 2);
        throw conflictOf(taken);
      }
      for (const key of keys) inFlight.add(key);
      try {
        const [answer] = await Promise.all([run(), wait(transactionMilliseconds)]);
        return answer;
      } finally {
        for (const key of keys) inFlight.delete(key);
      }
    },
    { step: "initialize" },
  );
  return seen;
}

function keyOf(part: Part): string {
  const [body] = Object.values(part);
  const { PK, SK } = body?.Item ?? body?.Key ?? {};
  return `${PK} ${SK}`;
}

const conflictOf = (taken: readonly boolean[]) =>
  new TransactionCanceledException({
    message: "Transaction cancelled",
    $metadata: { httpStatusCode: 400 },
    CancellationReasons: taken.map((is) => ({ Code: is ? "TransactionConflict" : "None" })),
  });

function countUnits(seen: Seen, command: string, output: unknown): void {
  const { ConsumedCapacity } = output as { ConsumedCapacity?: { CapacityUnits?: number } };
  const isRead = /Get|Query|Scan/.test(command);
  for (const { CapacityUnits = 0 } of [ConsumedCapacity ?? []].flat())
    seen[isRead ? "readUnits" : "writeUnits"] += CapacityUnits;
}
