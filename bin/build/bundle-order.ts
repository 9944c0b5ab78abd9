/**
 * The functions that a first start, the README's demonstration and Studio's first page call. They
 * are bundled first, so that a system is in use while the others are still being bundled.
 */
export const firstBundled = [
  "app/health",
  "auth/http",
  "auth/socket",
  "chat/list-messages",
  "chat/send-message",
  "gifts/create",
  "gifts/leaderboard",
  "gifts/list-types",
  "gifts/statistics",
  "money/settle",
  "realtime/connect",
  "realtime/disconnect",
  "realtime/expire",
  "realtime/fan-out",
  "realtime/post",
  "streams/get",
  "streams/statistics",
  "tencent/callbacks/queue",
  "users/get-me",
  "users/index-new",
  "wallets/get",
  "wallets/top-up",
];

/** Functions per bundling step: esbuild needs 1.7 GB for all at once. */
const batchMax = 24;

/** Decides which functions are bundled next. */
export type BundleOrder = {
  /** The names of the next batch, or undefined after the last one; waits while it is held. */
  next(): Promise<string[] | undefined>;
  /** Bundles this function before the others, and even while they are held. */
  prefer(name: string): void;
  /** Lets all others follow. */
  release(): void;
};

/** Orders the functions of these names; if held, only the first batch is bundled at once. */
export function createOrder(names: readonly string[], isHeld: boolean): BundleOrder {
  const others = new Set(names.filter((name) => !firstBundled.includes(name)));
  const preferred = new Set<string>();
  let isFirst = true;
  let changed = Promise.withResolvers<void>();
  return {
    async next() {
      if (isFirst) {
        isFirst = false;
        return firstBundled;
      }
      while (isHeld && preferred.size === 0 && others.size > 0) await changed.promise;
      const found = [...(preferred.size > 0 ? preferred : others)].slice(0, batchMax);
      for (const name of found) for (const names of [others, preferred]) names.delete(name);
      return found.length > 0 ? found : undefined;
    },
    prefer(name) {
      if (!others.has(name)) return;
      preferred.add(name);
      changed.resolve();
      changed = Promise.withResolvers();
    },
    release() {
      isHeld = false;
      changed.resolve();
    },
  };
}
