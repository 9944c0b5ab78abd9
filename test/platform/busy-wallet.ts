import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";
import { intercept } from "./intercept.ts";

/**
 * Writes the user's wallet concurrently before each transaction on it; with `spares`, before the
 * first and then unless it was read since the last one, so a caller that reads after a pause
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
