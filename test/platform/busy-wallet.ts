import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { key } from "../../platform/table/keys.ts";
import { table, tableName } from "../../platform/table/table.ts";

/**
 * Somebody else writes the user's wallet before each transaction on it; with `spares`, before the
 * first, and then where it was not read since the one before, so whoever reads after a pause gets
 * through.
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
  const [name, client] = ["busy", table()];
  let [isFresh, isFirst] = [false, true];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const isAbout = JSON.stringify(args.input).includes(Key.PK);
        if (isAbout && commandName === "GetItemCommand") isFresh = true;
        if (isAbout && commandName === "TransactWriteItemsCommand") {
          if (!spares || isFirst || !isFresh) await client.send(touch);
          [isFresh, isFirst] = [false, false];
        }
        return next(args);
      },
    { step: "initialize", name },
  );
  try {
    await act();
  } finally {
    client.middlewareStack.remove(name);
  }
}
