import type { OvationError } from "./error.ts";
import type { createCall } from "./route.ts";

/** Counts a user's taps and sends them at the interval that the server asks for. */
export type Taps = {
  /** Adds one or more taps, which are sent within a few seconds. */
  tap(count?: number): void;
  /** Sends the remaining taps and stops. */
  close(): void;
};

const sessionBytes = 12;
const second = 1_000;

/**
 * The taps of one page in one stream. Each call sends the running total, so a repeated or lost call
 * counts once; taps beyond the server's limit are dropped.
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
      // Taps that came meanwhile are added to the server's total.
      total += answer.total - asked;
      sent = answer.total;
      wait = answer.next * second;
    } catch (error) {
      const { statusCode, retryAfterSeconds = 5 } = error as OvationError;
      // The stream has ended or is closed to this user: later taps cannot count.
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
