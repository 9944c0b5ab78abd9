import * as z from "zod";
import { connectionLifeSeconds, openingMilliseconds } from "../../domain/log/subscriber.ts";
import { setting } from "../env.ts";
import { type Poster, payloadOf } from "../push/gateway.ts";
import { dropConnection, findConnection } from "../store/log/connections.ts";
import { startTimer } from "../timers.ts";

/** The moment at which a connection's token ends, in seconds since 1970. */
export const ExpiryTimer = z.object({ connectionId: z.string(), expiresAt: z.number() });
export type ExpiryTimer = z.infer<typeof ExpiryTimer>;

/** Asks for a connection's end when its token ends; one that outlives the connection needs none. */
export async function startExpiryTimer(moment: ExpiryTimer, now: Date): Promise<void> {
  if (moment.expiresAt > now.getTime() / 1000 + connectionLifeSeconds) return;
  const at = new Date(moment.expiresAt * 1000);
  await startTimer(setting("MOMENTS_QUEUE_URL"), moment, { at, now });
}

/** Between the last message and the end, so that the message arrives. At most 10 s are promised. */
const farewellMilliseconds = 1_000;
/** The pause between two tries of closing, and after how long the message is left to come again. */
const pauseMilliseconds = 500;
const triesMillisecondsMax = 4_000;

/**
 * Ends a connection whose token has ended. Before that moment it only looks whether the connection
 * is still there, and goes on waiting. Throws when the gateway did not say that it is closed or
 * gone: nothing is removed then, so that the message can come again.
 */
export async function endExpired(poster: Poster, moment: ExpiryTimer, now: Date): Promise<void> {
  const { connectionId, expiresAt } = moment;
  if (expiresAt * 1000 > now.getTime()) {
    if ((await poster.probe(connectionId)) === "gone") await dropConnection(connectionId);
    else await startExpiryTimer(moment, now);
    return;
  }
  await close(poster, connectionId, now);
  await dropConnection(connectionId);
}

/**
 * Closes a connection, trying until the gateway has said so. The message before it carries our
 * code, because API Gateway chooses the close code itself.
 */
async function close(poster: Poster, connectionId: string, now: Date): Promise<void> {
  const message = { type: "closing", code: 4401, reason: "The token has expired" };
  const payload = payloadOf(JSON.stringify(message));
  const began = Date.now();
  let isTold = false;
  for (;;) {
    let result = isTold ? "sent" : await poster.post(connectionId, payload);
    if (result !== "gone") {
      if (!isTold) await wait(farewellMilliseconds);
      isTold = true;
      result = await poster.close(connectionId);
    }
    if (result === "sent") return;
    if (result === "gone" && !(await mayBeOpening(connectionId, now))) return;
    if (Date.now() - began > triesMillisecondsMax)
      throw new Error(`The connection ${connectionId} could not be closed: ${result}`);
    await wait(pauseMilliseconds);
  }
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Whether a connection that the gateway does not know may be one which it has not opened yet. */
async function mayBeOpening(connectionId: string, now: Date): Promise<boolean> {
  const connection = await findConnection(connectionId);
  return connection !== undefined && now.getTime() - connection.connectedAt <= openingMilliseconds;
}
