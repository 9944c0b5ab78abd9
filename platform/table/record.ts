import { randomBytes } from "node:crypto";
import {
  DeleteCommand,
  PutCommand,
  type PutCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { type Item, isRefused, plain, table, tableName } from "./table.ts";
import { type Action, type Failed, transact } from "./transact.ts";

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
 * all. Answers which conditions failed (by label), undefined when done. Throws KeyUsed when the
 * marker was there, whatever else failed with it: a gift that was made is answered as made even if
 * the wallet is empty by now.
 */
export async function commitTransaction(
  actions: readonly Action[],
  reply: Pick<Reply<unknown>, "remember"> = { remember: [] },
): Promise<Failed | undefined> {
  const all = [...actions, ...reply.remember];
  const failed = all.length === 1 ? await writeOne(all[0]!) : await transact(all);
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
  const told = (there: Item | undefined): Failed => new Map([[action.label ?? "0", there]]);
  if (Put?.ConditionExpression !== undefined || Update?.ConditionExpression !== undefined) {
    const outcome = await writeOnce(Put === undefined ? { Update: Update! } : { Put });
    return outcome.done ? undefined : told(outcome.there);
  }
  try {
    if (Put) await table().send(new PutCommand({ TableName, ...Put }));
    else if (Update) await table().send(new UpdateCommand({ TableName, ...Update }));
    else if (Delete) await table().send(new DeleteCommand({ TableName, ...Delete }));
    else return await transact([action]);
    return undefined;
  } catch (error) {
    if (!isRefused(error)) throw error;
    return told(plain(error.Item));
  }
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
