import * as z from "zod";
import { connectionLifeSeconds } from "../../domain/subscriber.ts";
import { setting } from "../env.ts";
import { sendMoment } from "../moments.ts";
import { payloadOf, poster } from "../push/post.ts";
import { dropConnection } from "../store/connections.ts";

/** The moment at which a connection's token ends, in seconds since 1970. */
export const ExpiryMoment = z.object({ connectionId: z.string(), expiresAt: z.number() });
export type ExpiryMoment = z.infer<typeof ExpiryMoment>;

/** Asks for a connection's end when its token ends; one that outlives the connection needs none. */
export async function sendExpiry(moment: ExpiryMoment, now: Date): Promise<void> {
  if (moment.expiresAt > now.getTime() / 1000 + connectionLifeSeconds) return;
  const at = new Date(moment.expiresAt * 1000);
  await sendMoment(setting("MOMENTS_QUEUE_URL"), moment, { at, now });
}

/** Between the word and the end, so that the word arrives. The promise is 10 s. */
const farewellMilliseconds = 1_000;

/**
 * Ends a connection whose token has ended: the message carries our code, because API Gateway
 * chooses the close code itself. Before that moment it only looks whether the connection is still
 * there, and waits on.
 */
export async function endExpired(moment: ExpiryMoment, now: Date): Promise<void> {
  const { connectionId, expiresAt } = moment;
  if (expiresAt * 1000 > now.getTime()) {
    if ((await poster().probe(connectionId)) === "gone") await dropConnection(connectionId);
    else await sendExpiry(moment, now);
    return;
  }
  const said = { type: "closing", code: 4401, reason: "The token has expired" };
  const result = await poster().post(connectionId, payloadOf(JSON.stringify(said)));
  if (result !== "gone") {
    await new Promise((done) => setTimeout(done, farewellMilliseconds));
    await poster().close(connectionId);
  }
  await dropConnection(connectionId);
}
