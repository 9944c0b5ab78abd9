import { DeleteCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { writeOnce } from "./single-write.ts";
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
