import { randomBytes, randomUUID } from "node:crypto";
import type { TransactionCanceledException } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  PutCommand,
  type PutCommandInput,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { refuse } from "../../domain/refusal.ts";
import { isOutcomeUnknown, pause, triesMax } from "./conflicts.ts";
import { type Item, isConditionFailed, unmarshallItem } from "./items.ts";
import { table, tableName } from "./table.ts";

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

/** Labels of a transaction that could not be evaluated, for callers that then decide again. */
export const conflict = "conflict";
export const throttle = "throttle";

type Repeats = { onConflict: "repeat" | "return" };

/**
 * A response, and the marker that stores it under the call's key. A handler creates both with
 * `idempotentReply(answer)`, passes them to the store with the effect, and returns `reply.answer`.
 * Effect and marker are one transaction; a chat message is written after its marker.
 */
export type Reply<Answer> = { answer: Answer; remember: readonly Action[] };

/** The call's key was used before: `endpoint` returns the stored response, or refuses. */
export class DuplicateKeyError extends Error {}

/**
 * Records an effect with its reply: in one transaction, or in a plain write if there is only one
 * action. Returns the conditions that failed, by label; undefined on success. Throws
 * `DuplicateKeyError` if the marker exists, whatever else failed: the repeated call of a sent gift
 * gets its response even if the wallet is empty by now.
 */
export async function commitTransaction(
  actions: readonly Action[],
  reply: Pick<Reply<unknown>, "remember"> = { remember: [] },
  repeats?: Repeats,
): Promise<Failed | undefined> {
  const all = [...actions, ...reply.remember];
  const [first, ...others] = all;
  const isSingle = first !== undefined && others.length === 0;
  const failed = isSingle ? await writeOne(first) : await transact(all, repeats);
  if (failed?.has("marker")) throw new DuplicateKeyError();
  return failed;
}

/**
 * A single action costs half as much as a transaction, and conflicts only with transactions. If it
 * is a conditional Put or Update, it stores a unique id, by which its retry recognizes its write.
 */
async function writeOne(action: Action): Promise<Failed | undefined> {
  const TableName = tableName();
  const { Put, Update, Delete } = action;
  const failureWith = (there: Item | undefined): Failed => new Map([[action.label ?? "0", there]]);
  const write = (Put && { Put }) ?? (Update && { Update });
  if (write !== undefined && (Put ?? Update)?.ConditionExpression !== undefined) {
    const outcome = await writeOnce(write);
    return outcome.done ? undefined : failureWith(outcome.there);
  }
  try {
    if (Put) await table().send(new PutCommand({ TableName, ...Put }));
    else if (Update) await table().send(new UpdateCommand({ TableName, ...Update }));
    else if (Delete) await table().send(new DeleteCommand({ TableName, ...Delete }));
    else return await transact([action]);
    return undefined;
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    return failureWith(unmarshallItem(error.Item));
  }
}

/**
 * Commits all actions or none (TransactWriteItems: at most 100 actions, no item twice). Returns
 * undefined on success, otherwise the conditions that failed. DynamoDB evaluates each item
 * separately. If one could not be evaluated (another transaction holds it, or its partition is
 * throttled), the results of the others are incomplete: the transaction is retried with jitter, up
 * to a limit, then refused with `unavailable`; or the result is `conflict`, or `throttle` if none
 * conflicts. Two results are final nevertheless: an existing `marker`; and, if no condition failed,
 * a conflict on the marker without one on a wallet, which means another call with the same key
 * (refused with `key_in_progress`). After a lost response (timeout, 5xx), the same items are sent
 * with the same ClientRequestToken until the result is definite: no decision takes effect twice.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */
export async function transact(
  actions: readonly Action[],
  { onConflict }: Repeats = { onConflict: "repeat" },
): Promise<Failed | undefined> {
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
        const conflicts = conflictsOf(error, labels);
        if (failed.size === 0 && isOfOneKey(conflicts)) refuse("key_in_progress");
        if (onConflict === "return")
          return new Map([[conflicts.length > 0 ? conflict : throttle, undefined]]);
        // A cancelled transaction is final: only now is it safe to use another token.
        token = randomUUID();
      } else if (!isOutcomeUnknown(error)) throw error;
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
    if (reason.Code === "ConditionalCheckFailed")
      failed.set(labels[at] ?? String(at), unmarshallItem(reason.Item));
    if (reason.Code === "ValidationError") throw error;
  }
  return failed;
}

/** Whether the condition of every item was evaluated: held (None) or failed. */
const isJudged = ({ CancellationReasons = [] }: TransactionCanceledException): boolean =>
  CancellationReasons.every(({ Code }) => Code === "None" || Code === "ConditionalCheckFailed");

/** The labels of the items that another transaction holds. */
const conflictsOf = (
  { CancellationReasons = [] }: TransactionCanceledException,
  labels: string[],
) => labels.filter((_, at) => CancellationReasons[at]?.Code === "TransactionConflict");

/** Whether only the marker conflicted. If a wallet did too, another write may be the cause. */
const isOfOneKey = (conflicts: string[]) =>
  conflicts.includes("marker") && !conflicts.some((label) => label.startsWith("wallet:"));

type Input<Command> = Omit<Command, "TableName">;

/** One Put or Update of one item. */
export type SingleWrite =
  | { Put: Input<PutCommandInput>; Update?: undefined }
  | { Update: Input<UpdateCommandInput>; Put?: undefined };

/**
 * The result: done, with the attributes that the Update requested (or the whole item after the
 * write, if only the retry got a response); or refused, with the existing item.
 */
type Outcome =
  | { done: true; attributes?: Item | undefined }
  | { done: false; there?: Item | undefined };

/** The attribute with the id of an item's latest write. */
const named = { "#writeId": "writeId" };
const isAnother = "(attribute_not_exists(#writeId) OR #writeId <> :writeId)";

/**
 * Writes one item exactly once, at half the price of a transaction. If a response is lost, the SDK
 * writes again: a condition would fail on the result of the first attempt, and a sum would be added
 * twice. So the item stores the write's id; a retry with the same id is refused, and counts as
 * done.
 *
 * A sum may still be added twice if another call writes the item between the attempts, within the
 * SDK's pause: use sums only if readers tolerate that, as for message numbers.
 */
export async function writeOnce(write: SingleWrite): Promise<Outcome> {
  const TableName = tableName();
  const id = randomBytes(6).toString("base64url");
  const ReturnValuesOnConditionCheckFailure = "ALL_OLD";
  try {
    if (write.Put !== undefined) {
      const Item = { ...write.Put.Item, writeId: id };
      const put = { TableName, ...write.Put, Item, ReturnValuesOnConditionCheckFailure } as const;
      await table().send(new PutCommand(put));
      return { done: true };
    }
    const update = { TableName, ...marked(write.Update, id), ReturnValuesOnConditionCheckFailure };
    const { Attributes } = await table().send(new UpdateCommand(update as UpdateCommandInput));
    return { done: true, attributes: Attributes as Item | undefined };
  } catch (error) {
    if (!isConditionFailed(error)) throw error;
    const there = unmarshallItem(error.Item);
    return there?.writeId === id ? { done: true, attributes: there } : { done: false, there };
  }
}

/**
 * Puts an item with a new revision; returns the one that it replaces. A write that is repeated
 * after a lost response changes nothing: others may have changed the item since the first attempt.
 */
export async function replaceRevision(
  Item: Item & { revision: number },
): Promise<Item | undefined> {
  const put = new PutCommand({
    TableName: tableName(),
    Item,
    ConditionExpression: "attribute_not_exists(revision) OR revision <> :own",
    ExpressionAttributeValues: { ":own": Item.revision },
    ReturnValues: "ALL_OLD",
  });
  try {
    return (await table().send(put)).Attributes as Item | undefined;
  } catch (error) {
    if (isConditionFailed(error)) return undefined;
    throw error;
  }
}

/** An update that stores its id, and is refused if the item already has it. */
function marked(update: Input<UpdateCommandInput>, id: string): Input<UpdateCommandInput> {
  const { UpdateExpression = "", ConditionExpression: condition } = update;
  const set = "SET #writeId = :writeId";
  return {
    ...update,
    UpdateExpression: UpdateExpression.startsWith("SET ")
      ? `${set}, ${UpdateExpression.slice("SET ".length)}`
      : `${set} ${UpdateExpression}`,
    ConditionExpression: condition === undefined ? isAnother : `(${condition}) AND ${isAnother}`,
    ExpressionAttributeNames: { ...update.ExpressionAttributeNames, ...named },
    ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ":writeId": id },
  };
}
