import { type Poster, payloadOf } from "../push/gateway.ts";

/** Between the last message and the end, so that the message arrives. At most 10 s are promised. */
const farewellMilliseconds = 1_000;
/** The pause between two tries of closing, and after how long the message is left to come again. */
const pauseMilliseconds = 500;
const triesMillisecondsMax = 4_000;

/** Why a connection is ended: what its client is to do next follows from the code. */
export type CloseReason = { code: number; reason: string };

/**
 * Closes a connection, trying until the gateway has said so. The message before it carries our
 * code, because API Gateway chooses the close code itself. `mayBeOpening` says whether one that the
 * gateway does not know may be one which it has not opened yet. Throws when the gateway did not say
 * that it is closed or gone.
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
      if (!isTold) await wait(farewellMilliseconds);
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
