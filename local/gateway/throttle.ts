/**
 * API Gateway's throttle: a bucket of `burst` tokens that fills at `rate` tokens a second.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export type Throttle = { admits(): boolean };

/** `now` gives milliseconds; without a rate everything is admitted. */
export function createThrottle(
  settings: { rateLimit?: number | undefined; burstLimit?: number | undefined },
  now: () => number = () => performance.now(),
): Throttle {
  const rate = settings.rateLimit ?? Number.POSITIVE_INFINITY;
  const burst = settings.burstLimit ?? Math.max(1, rate);
  if (rate === Number.POSITIVE_INFINITY) return { admits: () => true };
  let tokens = burst;
  let filled = now();
  return {
    admits() {
      const time = now();
      tokens = Math.min(burst, tokens + ((time - filled) / 1000) * rate);
      filled = time;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
