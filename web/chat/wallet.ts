import type { Client } from "../../client/index.ts";

type Wallet = { balance: number };

/** The wallet is asked once after a row of gifts, not after each. */
const pauseMilliseconds = 1_500;

/** What this person has to spend: what the wallet says, less what was just given. */
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
    /** Takes a price out before the server has: a picker shows what is left at once. */
    spend: (price: number) => set(credits - price),
    readSoon(): void {
      clearTimeout(timer);
      // What is shown stays as it is where the wallet cannot be read.
      timer = setTimeout(() => void read().catch(() => {}), pauseMilliseconds);
    },
    stop: () => clearTimeout(timer),
  };
}
