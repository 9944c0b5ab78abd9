import type { Client } from "../../client/index.ts";

type Wallet = { balance: number };

/** The wallet is read once after a series of gifts, not after each. */
const pauseMilliseconds = 1_500;

/** The balance to show: the wallet's balance minus what the user has just spent. */
export function createWallet(client: Client, onChange: (credits: number) => void) {
  let credits = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** How often the user has spent, and how many of these calls have no answer yet. */
  let [spendings, unanswered] = [0, 0];
  const set = (now: number) => {
    credits = now;
    onChange(now);
  };
  const read = async () => {
    const before = spendings;
    const { balance } = await client.call<Wallet>("GET", "/api/v1/wallet");
    // It may lack what was spent meanwhile, after which it is read again.
    if (unanswered === 0 && spendings === before) set(balance);
  };
  const readSoon = () => {
    clearTimeout(timer);
    // If the wallet cannot be read, the last balance stays.
    timer = setTimeout(() => void read().catch(() => {}), pauseMilliseconds);
  };
  return {
    /** Rejects as the client's calls do. */
    read,
    /**
     * Deducts a price before the server has: the picker shows the remaining balance at once. Reads
     * the wallet once the call has ended, which never rejects.
     */
    async spend(price: number, call: Promise<unknown>): Promise<void> {
      spendings += 1;
      unanswered += 1;
      set(credits - price);
      await call;
      unanswered -= 1;
      readSoon();
    },
    readSoon,
    stop: () => clearTimeout(timer),
  };
}
