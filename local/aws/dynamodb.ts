import { writeAnswer } from "../engine/index.ts";
import { countItemBytes, type Item } from "../engine/values.ts";
import type { Table } from "../model.ts";
import { type Attributes, listAccess, listKeys, listTransaction } from "./dynamodb-access.ts";
import type { Engine } from "./engine.ts";
import {
  type AwsAnswer,
  type AwsRequest,
  answerJson,
  answerText,
  type Prepare,
  readJsonBody,
} from "./failure.ts";
import { runnerCaller } from "./iam.ts";
import type { Meter } from "./meter.ts";

type Body = Record<string, unknown>;
type Consumed = { CapacityUnits?: number; ReadCapacityUnits?: number; WriteCapacityUnits?: number };

const writes = new Set([
  "PutItem",
  "UpdateItem",
  "DeleteItem",
  "BatchWriteItem",
  "TransactWriteItems",
]);

/**
 * The dependencies of forwarding. `onWrite` is called after each change, so that readers poll at
 * once.
 */
type DynamoDbOptions = {
  engine: Engine;
  tables: Table[];
  meter: Meter;
  onWrite: () => void;
};

/** DynamoDB: forwards to the engine and counts AWS's charges; adds nothing else. */
export function createDynamoDb(options: DynamoDbOptions): Prepare {
  return (request) => {
    const body = readJsonBody(request);
    const own = request.caller === runnerCaller;
    const access = own ? [] : listAccess(options.tables, request.operation, body);
    return {
      access,
      keys: () => listKeys(options.tables, request.operation, body),
      itemCount: Math.max(1, listTransaction(body).length),
      run: () => forward(options, request, body),
    };
  };
}

async function forward(
  options: DynamoDbOptions,
  request: AwsRequest,
  body: Body,
): Promise<AwsAnswer> {
  const { operation } = request;
  const target = String(request.headers["x-amz-target"]);
  const asked = body.ReturnConsumedCapacity !== undefined && body.ReturnConsumedCapacity !== "NONE";
  const metered = target.startsWith("DynamoDB_") && /Item|^Query$|^Scan$/.test(operation);
  const answer = await options.engine.call(
    target,
    metered && !asked ? { ...body, ReturnConsumedCapacity: "TOTAL" } : body,
  );
  if (!metered) return answerText(writeAnswer(answer.body), answer.status);
  if (answer.status !== 200) {
    record(options.meter, request, { writeUnits: estimateRefused(operation, body, answer.body) });
    return answerJson(answer.body, answer.status);
  }
  if (writes.has(operation)) options.onWrite();
  record(options.meter, request, sumConsumed(operation, answer.body.ConsumedCapacity));
  return answerText(writeAnswer(answer.body, asked ? undefined : "ConsumedCapacity"));
}

type Units = { writeUnits?: number; readUnits?: number };

/** Calls of the runner itself (demo data, an audit) cost the product nothing. */
function record(meter: Meter, request: AwsRequest, units: Units): void {
  if (request.caller === runnerCaller) return;
  meter.record({ caller: request.caller, operation: `dynamodb:${request.operation}`, ...units });
}

function sumConsumed(operation: string, consumed: unknown): Units {
  const units = { writeUnits: 0, readUnits: 0 };
  for (const one of [consumed ?? []].flat() as Consumed[]) {
    const split = one.ReadCapacityUnits !== undefined || one.WriteCapacityUnits !== undefined;
    const whole = one.CapacityUnits ?? 0;
    const writing = writes.has(operation);
    units.writeUnits += split ? (one.WriteCapacityUnits ?? 0) : writing ? whole : 0;
    units.readUnits += split ? (one.ReadCapacityUnits ?? 0) : writing ? 0 : whole;
  }
  return units;
}

/**
 * Estimates the charge of a write whose condition failed, which AWS charges but does not report:
 * the size of the item as sent, at least one unit, twice in a transaction. The stored item's size
 * is known only if the response contains it.
 */
function estimateRefused(operation: string, body: Body, answer: Body): number {
  const type = String(answer.__type);
  if (type.endsWith("ConditionalCheckFailedException")) {
    const stored = answer.Item as Attributes | undefined;
    return Math.max(countWriteUnits(body.Item as Attributes), countWriteUnits(stored));
  }
  if (!type.endsWith("TransactionCanceledException")) return 0;
  if (operation !== "TransactWriteItems") return 0;
  return listTransaction(body).reduce(
    (total, { part }) => total + 2 * countWriteUnits(part.Item as Attributes),
    0,
  );
}

function countWriteUnits(item: Attributes | undefined): number {
  return Math.max(1, Math.ceil(countItemBytes(item as Item | undefined) / 1024));
}
