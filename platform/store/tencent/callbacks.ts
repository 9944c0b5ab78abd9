import { refuse } from "../../../domain/refusal.ts";
import { Callbacks } from "../../../domain/tencent/callback.ts";
import { getItem } from "../../table/items.ts";
import { key } from "../../table/keys.ts";
import { commitTransaction } from "../../table/transact.ts";

/** The configured callbacks, read consistently, since they decide about gifts. */
export async function findCallbacks(): Promise<Callbacks | undefined> {
  return getItem(Callbacks, key.callbacks(), { consistent: true });
}

/** Configures callbacks for the first time; refuses with `callbacks_exist`. */
export async function recordCallbacks(callbacks: Callbacks): Promise<void> {
  const failed = await commitTransaction([
    {
      Put: {
        Item: { ...key.callbacks(), ...callbacks },
        ConditionExpression: "attribute_not_exists(PK)",
      },
    },
  ]);
  if (failed !== undefined) refuse("callbacks_exist");
}

/** Replaces the configuration; refuses with `callbacks_not_found`. */
export async function changeCallbacks(callbacks: Callbacks): Promise<void> {
  const failed = await commitTransaction([
    {
      Put: {
        Item: { ...key.callbacks(), ...callbacks },
        ConditionExpression: "attribute_exists(PK)",
      },
    },
  ]);
  if (failed !== undefined) refuse("callbacks_not_found");
}
