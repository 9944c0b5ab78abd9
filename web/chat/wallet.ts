import type { Client } from "../../client/index.ts";

/** The wallet is read at most once in this time while the host receives gifts. */
const pauseMilliseconds = 1_500;

/** The balance to show: the wallet's balance minus what the user has just spent. */
export function createWallet(client: Client, onChange: (credits: number) => void) {
  let credits = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of calls that spend credits and have no response yet. */
  let unanswered = 0;
  let isSkipped = false;
  const set = (now: number) => {
    credits = now;
    onChange(now);
  };
  const { refresh, close } = client.watchWallet({
    onWallet({ balance }) {
      // The balance may not include a price that is being paid.
      isSkipped = unanswered > 0;
      if (!isSkipped) set(balance);
    },
    // If the wallet cannot be read, the last balance stays.
    onError() {},
  });
  return {
    /** Reads the wallet again. */
    refresh,
    /** Reads the wallet a moment later, when received credits have been booked. */
    readSoon(): void {
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh();
      }, pauseMilliseconds);
    },
    /**
     * Deducts a price before the server does, so that the picker shows the remaining balance at
     * once. The client reads the wallet after its own call; `call` may end later; it never rejects.
     */
    async spend(price: number, call: Promise<unknown>): Promise<void> {
      unanswered += 1;
      set(credits - price);
      await call;
      unanswered -= 1;
      if (isSkipped && unanswered === 0) refresh();
    },
    stop(): void {
      clearTimeout(timer);
      close();
    },
  };
}
