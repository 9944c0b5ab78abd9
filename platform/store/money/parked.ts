import { logFault } from "../../log.ts";
import { key } from "../../table/keys.ts";
import { record } from "../../table/record.ts";

/** How long a parked record waits for a person: 90 days. */
const parkedLifeSeconds = 90 * 24 * 3600;

/**
 * Puts aside a record that could not be handled, so that those behind it can go on: its keys and
 * image, and one line in the log that an alarm counts. An item is parked and logged once a day,
 * however often the sweep meets it. `npm run redrive` brings it back.
 */
export async function park(
  image: Record<string, unknown>,
  error: unknown,
  now: Date,
): Promise<void> {
  const at = now.toISOString();
  const of = { PK: String(image.PK), SK: String(image.SK) };
  const because = (error instanceof Error ? error.message : String(error)).slice(0, 1000);
  const Item = {
    ...key.parked(at.slice(0, 10), `${of.PK} ${of.SK}`),
    of,
    image,
    because,
    parkedAt: at,
    expiresAt: Math.floor(now.getTime() / 1000) + parkedLifeSeconds,
  };
  const known = await record([{ Put: { Item, ConditionExpression: "attribute_not_exists(PK)" } }]);
  if (known === undefined) logFault("A record was parked", error, of);
}
