import type { CallResult } from "./route.ts";

/** The user's credits. */
export type Wallet = CallResult<"GET /api/v1/wallet">;

/**
 * Callbacks of a wallet's watcher. `onError`: why a read failed; default: the client's `onError`.
 */
export type WalletHandlers = {
  onWallet: (wallet: Wallet) => void;
  onError?: (error: unknown) => void;
};

/** Calls that change the user's credits. */
const spending =
  /\/(gifts\/create|superlike|refund|purchase|credit-transfer|live-stream\/join|fund|top-ups|payouts)$/;

/**
 * Reads the wallet for its watchers: at first, after the user's calls that change credits, and on
 * request. One read at a time: a request during a read starts another one afterwards.
 */
export function createWalletWatch(
  read: () => Promise<Wallet>,
  runCallback: <Value>(callback: (value: Value) => void, value: Value) => void,
  report: (error: unknown) => void,
) {
  const watchers = new Set<WalletHandlers>();
  let isReading = false;
  let isStale = false;

  async function refresh(): Promise<void> {
    isStale = watchers.size > 0;
    if (isReading || !isStale) return;
    isReading = true;
    while (isStale) {
      isStale = false;
      const [outcome] = await Promise.allSettled([read()]);
      // This result may lack a change that was made during the read.
      if (isStale) continue;
      for (const { onWallet, onError = report } of [...watchers])
        if (outcome.status === "fulfilled") runCallback(onWallet, outcome.value);
        else runCallback(onError, outcome.reason);
    }
    isReading = false;
  }

  return {
    refresh,
    /** A call has ended, with any result. */
    note(path: string): void {
      if (spending.test(path)) void refresh();
    },
    watch(handlers: WalletHandlers) {
      const own = { ...handlers };
      watchers.add(own);
      void refresh();
      return {
        /** Reads the credits again. */
        refresh: () => void refresh(),
        /** Stops watching. */
        close: () => void watchers.delete(own),
      };
    },
  };
}
