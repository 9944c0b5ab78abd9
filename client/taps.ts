import type { OvationError } from "./error.ts";
import { makeKey } from "./http.ts";
import type { createCall } from "./route.ts";

/** Counts a user's taps and sends them at the interval that the server asks for. */
export type Taps = {
  /** Adds one or more taps, which are sent within a few seconds. */
  tap(count?: number): void;
  /** Sends the remaining taps and stops. */
  close(): void;
};

const second = 1_000;
/** After a refusal: the stream is not live yet or any more, or the user is blocked for a time. */
const refusedSeconds = 30;

/**
 * The taps of one page in one stream. Each call sends the running total, so a repeated or lost call
 * counts once; taps beyond the server's limit are dropped.
 */
export function createTaps(streamId: string, call: ReturnType<typeof createCall>): Taps {
  const session = makeKey().replaceAll("-", "");
  let [total, sent, isOpen, isWaiting] = [0, 0, true, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function send(): Promise<void> {
    isWaiting = true;
    const before = total;
    let wait = second;
    try {
      const answer = await call("PUT /api/v1/live-stream/{streamId}/likes", {
        path: { streamId },
        body: { session, total },
      });
      // Taps that came meanwhile are added to the server's total.
      total += answer.total - before;
      sent = answer.total;
      wait = answer.next * second;
    } catch (error) {
      const { statusCode, retryAfterSeconds } = error as OvationError;
      const isRefused = statusCode >= 400 && statusCode < 429;
      // These taps do not count; later ones may.
      if (isRefused) total += sent - before;
      wait = (retryAfterSeconds ?? (isRefused ? refusedSeconds : 5)) * second;
    }
    if (!isOpen) return;
    timer = setTimeout(() => {
      isWaiting = false;
      if (total > sent) void send();
    }, wait);
  }
  return {
    tap(count = 1) {
      if (!isOpen) return;
      total += count;
      if (!isWaiting) void send();
    },
    close() {
      clearTimeout(timer);
      if (total > sent && isOpen) void send();
      isOpen = false;
    },
  };
}
