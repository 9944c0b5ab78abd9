import { type TransactWriteCommandInput, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { intercept } from "./intercept.ts";
import { transactionCanceled } from "./table-errors.ts";

/**
 * Writes the user's wallet concurrently before each transaction on it; with `spares`, only before
 * the first one and those without a read of the wallet since the last: a caller that reads again
 * succeeds.
 */
export async function whileBusy(
  userId: string,
  { spares }: { spares: boolean },
  act: () => Promise<void>,
): Promise<void> {
  const Key = key.wallet(userId);
  const touch = new UpdateCommand({
    TableName: tableName(),
    Key,
    UpdateExpression: "SET #revision = #revision + :one",
    ExpressionAttributeNames: { "#revision": "revision" },
    ExpressionAttributeValues: { ":one": 1 },
  });
  let [isFresh, isFirst] = [false, true];
  const undo = intercept(async ({ name, input }, next) => {
    const isAbout = JSON.stringify(input).includes(Key.PK);
    if (isAbout && name === "GetCommand") isFresh = true;
    if (isAbout && name === "TransactWriteCommand") {
      if (!spares || isFirst || !isFresh) await table().send(touch);
      [isFresh, isFirst] = [false, false];
    }
    return next();
  });
  try {
    await act();
  } finally {
    undo();
  }
}

/**
 * Cancels each transaction on the user's wallet without evaluating it, as DynamoDB does while
 * another transaction holds the item, or while its partition is throttled. `Code` is its reason.
 */
export async function whileUnjudged(
  userId: string,
  Code: "TransactionConflict" | "ThrottlingError",
  act: () => Promise<void>,
): Promise<void> {
  const { PK } = key.wallet(userId);
  const undo = intercept((sent, next) => {
    if (sent.name !== "TransactWriteCommand") return next();
    const { TransactItems = [] } = sent.input as TransactWriteCommandInput;
    const reasons = TransactItems.map(({ Update }) => ({
      Code: Update?.Key?.PK === PK ? Code : "None",
    }));
    if (reasons.every((reason) => reason.Code === "None")) return next();
    throw transactionCanceled(reasons);
  });
  try {
    await act();
  } finally {
    undo();
  }
}
