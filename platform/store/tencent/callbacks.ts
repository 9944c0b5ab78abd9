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
  if (!(await put(callbacks, "attribute_not_exists(PK)"))) refuse("callbacks_exist");
}

/** Replaces the configuration; refuses with `callbacks_not_found`. */
export async function changeCallbacks(callbacks: Callbacks): Promise<void> {
  if (!(await put(callbacks, "attribute_exists(PK)"))) refuse("callbacks_not_found");
}

async function put(callbacks: Callbacks, ConditionExpression: string): Promise<boolean> {
  const Item = { ...key.callbacks(), ...callbacks };
  return (await commitTransaction([{ Put: { Item, ConditionExpression } }])) === undefined;
}
