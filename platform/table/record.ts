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
 * A response together with the actions that remember it. A handler makes it with
 * `idempotentReply(answer)`, passes it to the store with the effect, and returns `reply.answer`:
 * the effect and its memory are one transaction (except for a chat message, which is written after
 * its memory).
 */
export type Reply<Answer> = { answer: Answer; remember: readonly Action[] };

/** The call's key was used before: the endpoint returns the remembered response (or refuses). */
export class DuplicateKeyError extends Error {}

/**
 * Records an effect with its reply: one transaction, or one plain write if there is only one
 * action. Returns which conditions failed (by label), undefined on success. Throws
 * DuplicateKeyError if the marker existed, whatever else failed: a gift that was sent is reported
 * as sent even if the wallet is empty by now.
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
 * A single action costs half as much as a transaction, and conflicts only with transactions. A
 * conditional write has its own id, so that its repetition is not mistaken for another write.
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
 * The outcome: done, with the values that the Update requested (or, if only the repetition got a
 * response, the whole item as the write left it); or refused, with the existing item.
 */
type Outcome =
  | { done: true; attributes?: Item | undefined }
  | { done: false; there?: Item | undefined };

/** The id of the latest write, stored in the item. */
const named = { "#writeId": "writeId" };
const isAnother = "(attribute_not_exists(#writeId) OR #writeId <> :writeId)";

/**
 * Writes one item exactly once, at half the price of a transaction. After a lost response the SDK
 * writes again: a condition then fails on what the first attempt wrote, and a sum would be added
 * twice. So the item stores the write's own id, under which a repetition is refused, and a write
 * that is refused by its own id was done.
 *
 * Only if other writes of the item come in between, within the SDK's pause, may a sum still be
 * added twice: use sums only if the next reader tolerates that, as with the numbers of messages.
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

/** An update that stores its id, and that is refused if its id is there. */
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
