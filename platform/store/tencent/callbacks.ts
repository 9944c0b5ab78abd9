import { GetCommand } from "@aws-sdk/lib-dynamodb";
import { refuse } from "../../../domain/refusal.ts";
import { Callbacks } from "../../../domain/tencent/callback.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";
import { read, table, tableName } from "../../table/table.ts";

/** The callbacks that are configured, read consistently: gifts are decided by them. */
export async function findCallbacks(): Promise<Callbacks | undefined> {
  const { Item } = await table().send(
    new GetCommand({ TableName: tableName(), Key: key.callbacks(), ConsistentRead: true }),
  );
  return Item && read(Callbacks, Item);
}

/** Configures callbacks for the first time; refuses with `callbacks_exist`. */
export async function recordCallbacks(callbacks: Callbacks): Promise<void> {
  const failed = await record([
    {
      Put: {
        Item: { ...key.callbacks(), ...callbacks },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    },
  ]);
  if (failed !== undefined) refuse("callbacks_exist");
}

/** Replaces what is configured; refuses with `callbacks_not_found`. */
export async function changeCallbacks(callbacks: Callbacks): Promise<void> {
  const failed = await record([
    {
      Put: {
        Item: { ...key.callbacks(), ...callbacks },
        ConditionExpression: "attribute_exists(PK)",
      },
    },
  ]);
  if (failed !== undefined) refuse("callbacks_not_found");
}
