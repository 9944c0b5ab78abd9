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
import { isIndefinite, pause, triesMax } from "./conflicts.ts";
import { type Item, isRefused, plain } from "./items.ts";
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

/**
 * An answer together with what remembers it. A handler makes it with `idempotentReply(answer)`,
 * gives it to the store with the effect, and returns `reply.answer`: the effect and its memory are
 * one transaction (except for a chat message, which is written after its memory).
 */
export type Reply<Answer> = { answer: Answer; remember: readonly Action[] };

/** The call's key was used before: endpoint answers what is remembered (or refuses). */
export class DuplicateKeyError extends Error {}

/**
 * Records an effect with its reply: one transaction, or one plain write where a single action is
 * all. Answers which conditions failed (by label), undefined when done. Throws `DuplicateKeyError` when the
 * marker was there, whatever else failed with it: a gift that was made is answered as made even if
 * the wallet is empty by now.
 */
export async function commitTransaction(
  actions: readonly Action[],
  reply: Pick<Reply<unknown>, "remember"> = { remember: [] },
): Promise<Failed | undefined> {
  const all = [...actions, ...reply.remember];
  const [first, ...others] = all;
  const isSingle = first !== undefined && others.length === 0;
  const failed = isSingle ? await writeOne(first) : await transact(all);
  if (failed?.has("marker")) throw new DuplicateKeyError();
  return failed;
}

/**
 * A single action costs half as much as a transaction, and conflicts only with transactions. What
 * has a condition is written under an id of its own, so that its repetition is not taken for
 * another's.
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
    if (!isRefused(error)) throw error;
    return failureWith(plain(error.Item));
  }
}

/**
 * Commits all actions or none (TransactWriteItems: at most 100 actions, no item twice). Answers
 * undefined when committed, or which conditions failed. DynamoDB judges each item by itself: while
 * one was not judged (another transaction holds it, its partition is throttled), the conditions of
 * the others are only half of the truth, and all of it is tried again with jitter, up to a bound,
 * then refused with `unavailable`. Two things are certain even so: a `marker` that is there, and,
 * where nothing failed, a conflict on the marker without one on a wallet, which is another call
 * with the same key: refused with `key_in_progress`. An answer that was lost (time-out, 5xx) is
 * asked for again with the same items and the same ClientRequestToken until it is definite, so a
 * decision is never made twice.
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
    if (reason.Code === "ConditionalCheckFailed")
      failed.set(labels[at] ?? String(at), plain(reason.Item));
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

type Input<Command> = Omit<Command, "TableName">;

/** One Put or Update of one item. */
export type SingleWrite =
  | { Put: Input<PutCommandInput>; Update?: undefined }
  | { Update: Input<UpdateCommandInput>; Put?: undefined };

/**
 * What became of it: done, with what the Update was asked to return (or, where only the repetition
 * was answered, the whole item as the write left it); or refused, with the item that was there.
 */
type Outcome =
  | { done: true; attributes?: Item | undefined }
  | { done: false; there?: Item | undefined };

/** What the item keeps of its latest write. */
const named = { "#writeId": "writeId" };
const isAnother = "(attribute_not_exists(#writeId) OR #writeId <> :writeId)";

/**
 * Writes one item, at half the price of a transaction and as surely once. When an answer is lost
 * the SDK writes again: a condition then fails on what the first try wrote, and a sum is added
 * twice. So the item keeps the write's own id, under which a repetition is refused, and a write
 * that is refused by its own id is done.
 *
 * Only in an item that others wrote in between, all within the SDK's pause, may a sum still be
 * added twice: give it a sum only where the next reader allows for that, as with the numbers of
 * messages.
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
    if (!isRefused(error)) throw error;
    const there = plain(error.Item);
    return there?.writeId === id ? { done: true, attributes: there } : { done: false, there };
  }
}

/** Puts an item; returns the one that it replaces. */
export async function replaceItem(Item: Item): Promise<Item | undefined> {
  const put = new PutCommand({ TableName: tableName(), Item, ReturnValues: "ALL_OLD" });
  return (await table().send(put)).Attributes as Item | undefined;
}

/** An update that leaves its id, and that is refused where its id is. */
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
