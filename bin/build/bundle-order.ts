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

/** The number of further bundling steps: esbuild needs 1.7 GB for all functions at once. */
const furtherBatches = 3;

/** The names of all entries in the batches in which they are bundled. */
export function batchesOf(names: readonly string[]): string[][] {
  const others = names.filter((name) => !firstBundled.includes(name));
  const size = Math.ceil(others.length / furtherBatches);
  const further = Array.from({ length: furtherBatches }, (_, at) =>
    others.slice(at * size, (at + 1) * size),
  );
  return [firstBundled, ...further];
}
