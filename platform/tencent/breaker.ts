import * as z from "zod";
import { key } from "../table/keys.ts";
import { writeOnce } from "../table/record.ts";

/** How far apart an application that did not answer is asked again, in all environments. */
const apartMilliseconds = 1_000;

/** How far a clock may be ahead; a time beyond that was written by one that is wrong. */
const skewMilliseconds = 5_000;

/** How long the item is kept after the last try. */
const keptSeconds = 3_600;

/** When the application was asked last while it did not answer, and when it answered again. */
const Tries = z.object({ askedAt: z.number(), answeredAt: z.number().default(0) });

/** When this process last got no answer, in milliseconds since 1970; undefined while it does. */
let failedAt: number | undefined;

/** Forgets what this process knows: for tests of several environments. */
export function forgetFailures(): void {
  failedAt = undefined;
}

/**
 * Asks an application unless it hangs: after a question without an answer in time, one call a
 * second asks it, whatever the number of environments, and all others get `undefined` at once, until
 * one is answered. `ask` throws where no answer came. So a host that hangs holds up two calls at a time
 * (https://martinfowler.com/bliki/CircuitBreaker.html).
 */
export async function askUnlessHanging<A>(
  sdkAppId: number,
  ask: () => Promise<A>,
): Promise<A | undefined> {
  const isProbe = failedAt !== undefined;
  if (isProbe && !(await mayAsk(sdkAppId))) return undefined;
  try {
    const answer = await ask();
    if (isProbe) await noteAnswer(sdkAppId);
    failedAt = undefined;
    return answer;
  } catch (error) {
    if (isTimeout(error)) failedAt = Date.now();
    throw error;
  }
}

/** What is refused or cut at once holds up nobody. */
const isTimeout = (error: unknown) =>
  ["TimeoutError", "AbortError"].includes((error as Error).name);

const place = (sdkAppId: number) => key.commandRate(sdkAppId, "before_send_gift");

/** Takes this second's question, or finds that the application has answered another environment. */
async function mayAsk(sdkAppId: number): Promise<boolean> {
  const now = Date.now();
  const taken = await writeOnce({
    Update: {
      Key: place(sdkAppId),
      UpdateExpression: "SET askedAt = :now, expiresAt = :expires",
      ConditionExpression:
        "attribute_not_exists(askedAt) OR askedAt <= :before OR askedAt > :ahead",
      ExpressionAttributeValues: {
        ":now": now,
        ":before": now - apartMilliseconds,
        ":ahead": now + skewMilliseconds,
        ":expires": Math.ceil(now / 1000) + keptSeconds,
      },
    },
  });
  if (taken.done) return true;
  const tries = Tries.safeParse(taken.there);
  return tries.success && tries.data.answeredAt > (failedAt ?? 0);
}

async function noteAnswer(sdkAppId: number): Promise<void> {
  await writeOnce({
    Update: {
      Key: place(sdkAppId),
      UpdateExpression: "SET answeredAt = :now",
      ExpressionAttributeValues: { ":now": Date.now() },
    },
  });
}
