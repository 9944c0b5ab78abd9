import { type Poster, payloadOf } from "../push/gateway.ts";
import type { CloseReason } from "./close-codes.ts";

/**
 * The time between the last message and closing, so that the message arrives. The documented
 * maximum is 10 s.
 */
const lastMessageMilliseconds = 1_000;
/** The pause between attempts to close, and the time after which the queue retries instead. */
const pauseMilliseconds = 500;
const triesMillisecondsMax = 4_000;

/**
 * Closes a connection, with retries until the gateway confirms. A message before that carries our
 * close code, because API Gateway chooses the code itself. `mayBeOpening` returns whether a
 * connection that the gateway does not know may still be opening. Throws if the gateway confirms
 * neither that it is closed nor that it is gone.
 */
export async function closeConnection(
  poster: Poster,
  connectionId: string,
  { code, reason }: CloseReason,
  mayBeOpening: () => Promise<boolean>,
): Promise<void> {
  const payload = payloadOf(JSON.stringify({ type: "closing", code, reason }));
  const began = Date.now();
  let isTold = false;
  for (;;) {
    let result = isTold ? "sent" : await poster.post(connectionId, payload);
    if (result !== "gone") {
      if (!isTold) await wait(lastMessageMilliseconds);
      isTold = true;
      result = await poster.close(connectionId);
    }
    if (result === "sent") return;
    if (result === "gone" && !(await mayBeOpening())) return;
    if (Date.now() - began > triesMillisecondsMax)
      throw new Error(`The connection ${connectionId} could not be closed: ${result}`);
    await wait(pauseMilliseconds);
  }
}

const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
