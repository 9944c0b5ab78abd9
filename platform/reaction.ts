import type { DynamoDBRecord, SQSRecord } from "aws-lambda";
import { beginInvocation, type TimeLeft } from "./deadline.ts";
import type { Grants, QueueName, Resources } from "./grants.ts";
import { tellLosses } from "./push/losses.ts";
import type { ItemKind } from "./table/keys.ts";

/** What calls a function that nobody asks: the table's stream, a queue, or the clock. */
type Source =
  | { stream: "table"; kinds?: readonly ItemKind[]; batchSize: number }
  | { queue: QueueName; batchSize: number }
  | { every: string };

/** The contract of one reaction. */
export type ReactionContract = {
  kind: "reaction";
  says: string;
  on: Source;
  grants: Grants;
} & Resources;

/** Ids of records to be delivered again: the mapping's partial failure. */
type Failures = { batchItemFailures: { itemIdentifier: string }[] };

type RecordsOf<S extends Source> = S extends { stream: "table" }
  ? readonly DynamoDBRecord[]
  : S extends { queue: QueueName }
    ? readonly SQSRecord[]
    : readonly [];

/**
 * A function that reacts to records. It answers the ids of those that are to come again: of a
 * stream the sequence number of the first that failed (all after it come again), of a queue the
 * message ids. An exception returns the whole batch.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
 */
export function reaction<const C extends Omit<ReactionContract, "kind">>(
  declaration: C,
  // biome-ignore lint/suspicious/noConfusingVoidType: It may end without a word.
  handle: (records: RecordsOf<C["on"]>, now: Date) => Promise<readonly string[] | void>,
) {
  const contract = { kind: "reaction", ...declaration } as C & { kind: "reaction" };

  async function handler(event: { Records?: unknown[] }, context?: TimeLeft): Promise<Failures> {
    beginInvocation(context);
    const records = (event.Records ?? []) as unknown as RecordsOf<C["on"]>;
    try {
      const failed = (await handle(records, new Date())) ?? [];
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    } finally {
      tellLosses();
    }
  }

  return { contract, handler };
}
