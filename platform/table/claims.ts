import { randomUUID } from "node:crypto";
import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import { refuse } from "../../domain/refusal.ts";
import type { KeyedCall } from "./idempotency.ts";
import { key } from "./keys.ts";
import { commitTransaction } from "./record.ts";
import { table, tableName } from "./table.ts";

/**
 * Longer than any function that answers a call may run: the call that claimed it is dead by then.
 */
const claimLifeSeconds = 15;

/**
 * Claims a call with a key before something outside is asked for it: of two simultaneous calls with
 * one key, the second is refused with `key_in_progress`. Answers what gives the claim back.
 */
export async function claimCall(call: KeyedCall, now: Date): Promise<() => Promise<void>> {
  const Key = key.claim(call.owner, call.hash);
  const claim = randomUUID();
  const seconds = Math.floor(now.getTime() / 1000);
  const Item = { ...Key, claim, expiresAt: seconds + claimLifeSeconds };
  const ConditionExpression = "attribute_not_exists(PK) OR expiresAt <= :now";
  const ExpressionAttributeValues = { ":now": seconds };
  const taken = await commitTransaction([
    { Put: { Item, ConditionExpression, ExpressionAttributeValues } },
  ]);
  if (taken !== undefined) refuse("key_in_progress");
  return async () => {
    const given = { ConditionExpression: "claim = :claim", Key };
    const values = { ExpressionAttributeValues: { ":claim": claim } };
    const back = new DeleteCommand({ TableName: tableName(), ...given, ...values });
    // A claim that cannot be given back expires.
    await table()
      .send(back)
      .catch(() => undefined);
  };
}
