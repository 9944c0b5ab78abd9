import { refuse } from "../../domain/refusal.ts";
import { key } from "../table/keys.ts";
import { commitTransaction } from "../table/transact.ts";

const apartMilliseconds = 1000;
/** A time this far in the future was recorded by a wrong clock. */
const skewMillisecondsMax = 5000;

/**
 * Admits one call of a command per second and application, and refuses others with
 * `command_too_frequent`. One conditional write on an item that expires; a refused call does not
 * delay the next one.
 */
export async function admitCall(sdkAppId: number, command: string, now: Date): Promise<void> {
  const at = now.getTime();
  const failed = await commitTransaction([
    {
      Put: {
        Item: {
          ...key.commandRate(sdkAppId, command),
          lastAt: at,
          expiresAt: Math.ceil(at / 1000) + 60,
        },
        ConditionExpression: "attribute_not_exists(PK) OR lastAt <= :before OR lastAt > :ahead",
        ExpressionAttributeValues: {
          ":before": at - apartMilliseconds,
          ":ahead": at + skewMillisecondsMax,
        },
      },
    },
  ]);
  if (failed !== undefined) refuse("command_too_frequent", { callsPerSecond: 1 });
}
