import type { Client } from "../../client/index.ts";

type Wallet = { balance: number };

/** The wallet is read once after a series of gifts, not after each. */
const pauseMilliseconds = 1_500;

/** The balance to show: the wallet's balance minus what the user has just spent. */
export function createWallet(client: Client, onChange: (credits: number) => void) {
  let credits = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const set = (now: number) => {
    credits = now;
    onChange(now);
  };
  const read = async () => set((await client.call<Wallet>("GET", "/api/v1/wallet")).balance);
  return {
    /** Rejects as the client's calls do. */
    read,
    /** Deducts a price before the server has: the picker shows the remaining balance at once. */
    spend: (price: number) => set(credits - price),
    readSoon(): void {
      clearTimeout(timer);
      // If the wallet cannot be read, the last balance stays.
      timer = setTimeout(() => void read().catch(() => {}), pauseMilliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}
