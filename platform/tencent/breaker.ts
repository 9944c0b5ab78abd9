import * as z from "zod";
import { logNotice } from "../runtime/log.ts";
import { key } from "../table/keys.ts";
import { writeOnce } from "../table/transact.ts";

/** The interval at which an unresponsive application is tried again, across all environments. */
const apartMilliseconds = 1_000;

/** The largest clock skew; a later time was written by a wrong clock. */
const skewMilliseconds = 5_000;

/** How long the item is kept after the last attempt. */
const keptSeconds = 3_600;

/** When the unresponsive application was last asked, and when it responded again. */
const Tries = z.object({ askedAt: z.number(), answeredAt: z.number().default(0) });

/** When a call of this process last timed out (epoch milliseconds); undefined after a response. */
let failedAt: number | undefined;

/** Resets this process's state: for tests of several environments. */
export function resetBreaker(): void {
  failedAt = undefined;
}

/**
 * A circuit breaker: after a request without a response in time, one call a second asks the
 * application, across all environments, and all others get `undefined` at once, until one gets a
 * response. `ask` throws without a response. So an application that hangs delays two calls at a
 * time (https://martinfowler.com/bliki/CircuitBreaker.html).
 */
export async function callWithBreaker<A>(
  sdkAppId: number,
  ask: () => Promise<A>,
): Promise<A | undefined> {
  const isProbe = failedAt !== undefined;
  if (isProbe && !(await mayAsk(sdkAppId))) return undefined;
  const answer = await ask().catch((error: unknown) => {
    if (isTimeout(error)) failedAt = Date.now();
    throw error;
  });
  failedAt = undefined;
  if (isProbe) await noteAnswer(sdkAppId);
  return answer;
}

/** A connection that is refused or cut immediately delays no other call. */
const isTimeout = (error: unknown) =>
  ["TimeoutError", "AbortError"].includes((error as Error).name);

const place = (sdkAppId: number) => key.commandRate(sdkAppId, "before_send_gift");

/** Claims this second's request, or finds that the application responded to another environment. */
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

/**
 * Tells other environments that the application responds. If the table fails, each finds out by
 * its own request: the response, for which the application may have charged, counts all the same.
 */
async function noteAnswer(sdkAppId: number): Promise<void> {
  const noted = writeOnce({
    Update: {
      Key: place(sdkAppId),
      UpdateExpression: "SET answeredAt = :now",
      ExpressionAttributeValues: { ":now": Date.now() },
    },
  });
  await noted.catch((error: unknown) =>
    logNotice("Other environments were not told of a response", { reason: String(error) }),
  );
}
