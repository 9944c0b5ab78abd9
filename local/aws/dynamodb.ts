import type { Table } from "../model.ts";
import { type Attributes, listAccess, listKeys, listTransaction } from "./dynamodb-access.ts";
import type { Engine } from "./engine.ts";
import { type AwsAnswer, type AwsRequest, type Prepare, readJsonBody } from "./failure.ts";
import { runnerCaller } from "./iam.ts";
import { countItemBytes } from "./item-size.ts";
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

/** What forwarding needs. `onWrite` is called after each change, so that readers look at once. */
type DynamoDbOptions = {
  engine: Engine;
  tables: Table[];
  meter: Meter;
  onWrite: () => void;
};

/** DynamoDB: forwards to the engine and counts what AWS would charge; adds nothing of its own. */
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
    metered && !asked ? askForCapacity(request.body, body) : request.body,
  );
  if (!metered) return answerText(answer);
  if (answer.status !== 200) {
    const writeUnits = estimateRefused(operation, body, String(answer.body));
    record(options.meter, request, { writeUnits });
    return answerText(answer);
  }
  if (writes.has(operation)) options.onWrite();
  const { consumed, rest } = splitConsumed(answer.body);
  record(options.meter, request, sumConsumed(operation, consumed));
  return answerText(asked ? answer : { status: 200, body: rest });
}

const consumedMember = '"ConsumedCapacity":';

/**
 * The capacity that an answer names, and the answer without it. The bundled engine puts it last, so
 * that a page of a thousand items need not be read to find it.
 */
function splitConsumed(bytes: Buffer): { consumed: unknown; rest: Buffer | string } {
  const at = bytes.lastIndexOf(consumedMember);
  if (at < 0) return { consumed: undefined, rest: bytes };
  try {
    const { ConsumedCapacity: consumed } = JSON.parse(`{${bytes.toString("utf8", at)}`) as Body;
    const end = bytes[at - 1] === comma ? at - 1 : at;
    return { consumed, rest: Buffer.concat([bytes.subarray(0, end), closingBrace]) };
  } catch {
    const { ConsumedCapacity: consumed, ...rest } = JSON.parse(String(bytes)) as Body;
    return { consumed, rest: JSON.stringify(rest) };
  }
}

const comma = ",".charCodeAt(0);
const closingBrace = Buffer.from("}");

/** Put in front of the members that the caller sent; a NONE of the caller's has to go. */
function askForCapacity(bytes: Buffer, body: Body): string {
  if (body.ReturnConsumedCapacity !== undefined) {
    return JSON.stringify({ ...body, ReturnConsumedCapacity: "TOTAL" });
  }
  const text = bytes.toString("utf8");
  return `{"ReturnConsumedCapacity":"TOTAL",${text.slice(text.indexOf("{") + 1)}`;
}

function answerText(answer: { status: number; body: Buffer | string }): AwsAnswer {
  return { ...answer, headers: { "content-type": "application/x-amz-json-1.0" } };
}

type Units = { writeUnits?: number; readUnits?: number };

/** What the runner itself does (demo data, an audit) is no cost of the product. */
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
 * AWS charges a write that its condition refused but reports nothing about it: the item as sent, at
 * least one unit, twice in a transaction. What was stored is only known where the answer has it.
 */
function estimateRefused(operation: string, body: Body, answer: string): number {
  if (answer.includes("ConditionalCheckFailedException")) {
    const stored = (JSON.parse(answer) as { Item?: Attributes }).Item;
    return Math.max(countWriteUnits(body.Item as Attributes), countWriteUnits(stored));
  }
  if (!answer.includes("TransactionCanceledException")) return 0;
  if (operation !== "TransactWriteItems") return 0;
  return listTransaction(body).reduce(
    (total, { part }) => total + 2 * countWriteUnits(part.Item as Attributes),
    0,
  );
}

function countWriteUnits(item: Attributes | undefined): number {
  return Math.max(1, Math.ceil(countItemBytes(item) / 1024));
}
