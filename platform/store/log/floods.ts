import { key } from "../../table/keys.ts";
import { writeOnce } from "../../table/transact.ts";

const minuteMilliseconds = 60_000;

/** The most attempts: a failed condition means that the other of the two updates applies. */
const triesMax = 4;

/**
 * Adds to a count of floods: the limited messages of a connection, or the closed connections of a
 * user. The count starts again with the first one after the period. Returns the previous count, and
 * when the last one was recorded (milliseconds since 1970; 0 if never).
 */
export async function noteFlood(
  id: string,
  count: number,
  now: Date,
  periodMilliseconds = minuteMilliseconds,
): Promise<{ before: number; lastAt: number }> {
  const at = now.getTime();
  let isNew = false;
  for (let tries = 0; tries < triesMax; tries++) {
    const outcome = await writeOnce({
      Update: {
        Key: key.bucket(id, "limited"),
        UpdateExpression: `SET ${isNew ? "began = :now, refusals = :count" : "refusals = refusals + :count"}, lastAt = :now, expiresAt = :expires`,
        ConditionExpression: isNew
          ? "attribute_not_exists(began) OR began <= :ago"
          : "began > :ago",
        ExpressionAttributeValues: {
          ":now": at,
          ":count": count,
          ":ago": at - periodMilliseconds,
          ":expires": Math.ceil((at + 2 * periodMilliseconds) / 1000),
        },
        ReturnValues: "ALL_OLD",
      },
    });
    const item = outcome.done ? outcome.attributes : outcome.there;
    const lastAt = Number(item?.lastAt ?? 0);
    if (outcome.done) return { before: isNew ? 0 : Number(item?.refusals ?? 0), lastAt };
    isNew = !isNew;
  }
  return { before: 0, lastAt: at };
}
