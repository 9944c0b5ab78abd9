/** Connections whose messages one environment counts; beyond that it starts counting afresh. */
const connectionsMax = 10_000;

const buckets = new Map<string, { tokens: number; at: number }>();

/**
 * Counts one message of a connection: false when it has sent more than `perSecond` on average with
 * a burst of one second. Each environment counts by itself, so that a message costs no write; API
 * Gateway's own throttle is the bound behind it.
 */
export function takeToken(connectionId: string, perSecond: number, now: Date): boolean {
  if (buckets.size >= connectionsMax) buckets.clear();
  const at = now.getTime();
  const bucket = buckets.get(connectionId) ?? { tokens: perSecond, at };
  const refilled = bucket.tokens + ((at - bucket.at) / 1000) * perSecond;
  const tokens = Math.min(perSecond, Math.max(bucket.tokens, refilled));
  const admitted = tokens >= 1;
  buckets.set(connectionId, { tokens: admitted ? tokens - 1 : tokens, at });
  return admitted;
}
