import type { OvationError } from "./error.ts";
import type { createCall } from "./route.ts";

/** Tells the server how often a user has tapped, no more often than it asks for. */
export type Taps = {
  /** Adds a tap, or several, which are sent within some seconds. */
  tap(count?: number): void;
  /** Sends what was not sent yet and ends it. */
  close(): void;
};

const sessionBytes = 12;
const second = 1_000;

/**
 * The taps of one page in one stream. Each call says the whole number, so one that is repeated or
 * lost counts once; taps beyond the server's allowance are forgotten.
 */
export function createTaps(streamId: string, call: ReturnType<typeof createCall>): Taps {
  const bytes = crypto.getRandomValues(new Uint8Array(sessionBytes));
  const session = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  let [total, sent, isOpen, isWaiting] = [0, 0, true, false];
  async function send(): Promise<void> {
    isWaiting = true;
    const asked = total;
    let wait = second;
    try {
      const answer = await call("PUT /api/v1/live-stream/{streamId}/likes", {
        path: { streamId },
        body: { session, total },
      });
      // What came meanwhile goes on from what the server has.
      total += answer.total - asked;
      sent = answer.total;
      wait = answer.next * second;
    } catch (error) {
      const { statusCode, retryAfterSeconds = 5 } = error as OvationError;
      // The stream is over, or closed to this user: nothing that comes can count.
      if (statusCode >= 400 && statusCode < 429) isOpen = false;
      wait = retryAfterSeconds * second;
    }
    setTimeout(() => {
      isWaiting = false;
      if (total > sent && isOpen) void send();
    }, wait);
  }
  return {
    tap(count = 1) {
      if (!isOpen) return;
      total += count;
      if (!isWaiting) void send();
    },
    close() {
      if (total > sent && isOpen) void send();
      isOpen = false;
    },
  };
}
