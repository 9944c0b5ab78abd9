import { randomBytes } from "node:crypto";
import {
  PutCommand,
  type PutCommandInput,
  UpdateCommand,
  type UpdateCommandInput,
} from "@aws-sdk/lib-dynamodb";
import { type Item, isRefused, plain, table, tableName } from "./table.ts";

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
