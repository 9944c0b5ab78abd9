import { createHash } from "node:crypto";
import { capacityOfAll, readUnits } from "./capacity.ts";
import type { Body, Context, Operation } from "./context.ts";
import { EngineFailure, invalid } from "./failure.ts";
import { encodeKey } from "./keys.ts";
import { capacityChoices, Faults } from "./request.ts";
import type { WriteCost } from "./storage.ts";
import type { Table } from "./tables.ts";
import type { Item } from "./values.ts";
import {
  executeWrite,
  readCheck,
  readDelete,
  readPut,
  readUpdateWrite,
  refuseTwice,
  type Write,
} from "./writes.ts";

const actionsMax = 100;
/** 4 MB. */
const unitsMax = 4 * 1024;
const tokenLengthMax = 36;
/** How long a token is remembered. */
const tokenMilliseconds = 10 * 60_000;

export const tokenSchema = `
  CREATE TABLE IF NOT EXISTS tokens (
    token TEXT PRIMARY KEY, request TEXT NOT NULL, answer TEXT NOT NULL, at INTEGER NOT NULL);`;

/** The outcome of one action of a cancelled transaction. */
type Reason = { Code: string; Message?: string; Item?: Item };

const readers: Record<string, (context: Context, body: Body) => Write> = {
  Put: readPut,
  Update: readUpdateWrite,
  Delete: readDelete,
  ConditionCheck: readCheck,
};

/** Writes all or nothing, once per token. */
export const transactWriteItems: Operation = (context, body) => {
  const actions = checkActions(body);
  const parts = actions.map(readAction);
  const repeated = findRepetition(context, body, actions);
  if (repeated) return repeated;
  const writes = parts.map(({ kind, part }) => readPart(context, kind, part));
  refuseTwice(writes, "Transaction request cannot include multiple operations on one item");
  const reasons: Reason[] = [];
  const costs: { table: Table; cost: WriteCost }[] = [];
  return context.storage.atomically(() => {
    for (const write of writes) {
      try {
        costs.push({ table: write.table, cost: executeWrite(context, write).cost });
        reasons.push({ Code: "None" });
      } catch (error) {
        reasons.push(reasonOf(error));
      }
    }
    if (reasons.some(({ Code }) => Code !== "None")) throw cancelled(reasons);
    refuseLarge(costs);
    const answer = capacityOfAll(body, costs, 2, "write");
    rememberToken(context, body, actions);
    return answer;
  });
};

function checkActions(body: Body): Body[] {
  const faults = new Faults();
  faults.oneOf(body.ReturnConsumedCapacity, "returnConsumedCapacity", capacityChoices);
  const { ClientRequestToken: token } = body;
  if (typeof token === "string" && (token.length < 1 || token.length > tokenLengthMax))
    faults.addUnshown("clientRequestToken", `have length from 1 to ${tokenLengthMax}`);
  const actions = body.TransactItems as Body[] | undefined;
  faults.required(actions, "transactItems");
  if (actions?.length === 0)
    faults.add([], "transactItems", "have length greater than or equal to 1");
  if (actions && actions.length > actionsMax)
    faults.add(actions, "transactItems", `have length less than or equal to ${actionsMax}`);
  faults.end();
  return actions ?? [];
}

function readAction(action: Body) {
  const named = Object.keys(action).filter((kind) => readers[kind] && action[kind]);
  if (named.length !== 1)
    throw invalid("TransactItems can only contain one of Check, Put, Update or Delete");
  return { kind: named[0]!, part: action[named[0]!] as Body };
}

/** An invalid item becomes a cancellation reason; an invalid request does not. */
function readPart(context: Context, kind: string, part: Body): Write {
  const faults = new Faults();
  faults.tableName(part.TableName);
  faults.required(kind === "Put" ? part.Item : part.Key, kind === "Put" ? "item" : "key");
  faults.end();
  return readers[kind]!(context, part);
}

/** Throws above 4 MB, where each item counts as its write units, and so as whole kilobytes. */
function refuseLarge(costs: { cost: WriteCost }[]): void {
  if (costs.reduce((total, { cost }) => total + cost.table, 0) > unitsMax)
    throw invalid("Collection size of items in transaction exceeded the limit of 4 MB");
}

function reasonOf(error: unknown): Reason {
  if (!(error instanceof EngineFailure)) throw error;
  if (error.type === "ConditionalCheckFailedException")
    return { Code: "ConditionalCheckFailed", Message: error.message, ...error.members };
  return { Code: "ValidationError", Message: error.message };
}

/** The response to a transaction that was not executed. */
function cancelled(reasons: Reason[]): EngineFailure {
  const codes = reasons.map(({ Code }) => Code).join(", ");
  return new EngineFailure(
    "TransactionCanceledException",
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: reasons },
  );
}

const digest = (actions: Body[]) =>
  createHash("sha256").update(JSON.stringify(actions)).digest("base64url");

/**
 * A repeated token gets the same response without executing anything again, at the cost of reads.
 */
function findRepetition(context: Context, body: Body, actions: Body[]): Body | undefined {
  const { ClientRequestToken: token } = body;
  if (typeof token !== "string") return undefined;
  const row = context.storage.prepare("SELECT request, at FROM tokens WHERE token = ?").get(token);
  if (!row || Number(row.at) < context.now() - tokenMilliseconds) return undefined;
  if (row.request !== digest(actions))
    throw new EngineFailure(
      "IdempotentParameterMismatchException",
      "An error occurred (IdempotentParameterMismatchException)",
    );
  const costs = actions.map((action) => {
    const { kind, part } = readAction(action);
    const { table, key } = readPart(context, kind, part);
    const stored = context.storage.get(table, encodeKey(table.schema, key));
    const units = readUnits(stored?.bytes ?? 0, true);
    return { table, cost: { table: units, indexes: new Map() } };
  });
  return capacityOfAll(body, costs, 2, "read");
}

function rememberToken(context: Context, body: Body, actions: Body[]): void {
  const { ClientRequestToken: token } = body;
  if (typeof token !== "string") return;
  context.storage
    .prepare("INSERT OR REPLACE INTO tokens VALUES (?, ?, '', ?)")
    .run(token, digest(actions), context.now());
}

/** Deletes expired tokens. */
export function trimTokens({ storage, now }: Context): void {
  storage.prepare("DELETE FROM tokens WHERE at < ?").run(now() - tokenMilliseconds);
}
