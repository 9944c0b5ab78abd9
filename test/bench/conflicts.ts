import { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { wait } from "./figures.ts";

/** What was seen of a client's calls. */
export type Seen = {
  conflicts: number;
  transactions: number;
  writeUnits: number;
  readUnits: number;
};

/** A transaction of DynamoDB takes this long on AWS, where a local engine takes one or two. */
const transactionMilliseconds = 12;

type Part = Record<string, { Item?: Place; Key?: Place } | undefined>;
type Place = { PK?: unknown; SK?: unknown };

/**
 * Makes a local engine behave as DynamoDB does where transactions overlap: no engine here cancels
 * one of two transactions that have an item in common at the same time, and DynamoDB always does.
 * Every transaction lasts as long as there, and one that finds an item of another in flight is
 * cancelled with TransactionConflict for that item. Units are counted as the engine says them.
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
      const places = input.TransactItems.map(placeOf);
      const taken = places.map((place) => inFlight.has(place));
      seen.transactions++;
      if (taken.some(Boolean)) {
        seen.conflicts++;
        await wait(transactionMilliseconds / 2);
        throw conflictOf(taken);
      }
      for (const place of places) inFlight.add(place);
      try {
        const [answer] = await Promise.all([run(), wait(transactionMilliseconds)]);
        return answer;
      } finally {
        for (const place of places) inFlight.delete(place);
      }
    },
    { step: "initialize" },
  );
  return seen;
}

function placeOf(part: Part): string {
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
