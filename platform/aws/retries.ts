/** The SDK's members of an error. */
export type Failure = Error & {
  code?: string;
  $retryable?: object;
  $metadata?: { httpStatusCode?: number };
};

const throttles = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException",
]);
const transientNames = new Set([
  "ReplicatedWriteConflictException",
  "RequestTimeout",
  "RequestTimeoutException",
  "TimeoutError",
]);
const transientStatuses = new Set([500, 502, 503, 504]);
const transientCodes = new Set([
  "ECONNRESET",
  "ECONNREFUSED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

const isThrottle = ({ name, $metadata }: Failure) =>
  $metadata?.httpStatusCode === 429 || throttles.has(name);

const isTransient = ({ name, message, code, $metadata }: Failure) =>
  transientNames.has(name) ||
  transientCodes.has(code ?? "") ||
  transientStatuses.has($metadata?.httpStatusCode ?? 0) ||
  (name === "InvalidSignatureException" && message.includes("Signature expired"));

/** The longest pause; after a throttle, pauses begin at a second. Milliseconds. */
const pauseMax = 20_000;
const throttleBase = 1_000;
/** A wait requested by a response is obeyed up to this much beyond the client's own pause. */
const hintBeyondMax = 5_000;

/** A client's retry quota: a retry takes tokens, a success returns them, or adds one. */
const quotaMax = 500;
const costs = { throttle: 5, transient: 14, none: 1 };

/**
 * Decides about the retries of one client: whether and when a call is repeated, by the SDK's
 * "standard" mode, with its defaults of 2026. Calls share a quota, so that calls to a service that
 * is down do not triple. `triesMax` counts the attempts of one call, including the first;
 * `baseMilliseconds` is the longest first pause after a failure other than a throttle.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function createRetries(triesMax: number, baseMilliseconds: number) {
  let quota = quotaMax;

  /**
   * What follows a failed attempt: a pause in milliseconds and the cost of the retry, or undefined
   * if the failure is final. `tries` counts the attempts so far; `hintMilliseconds` is the wait
   * that the response asked for.
   */
  function afterFailure(failure: Failure, tries: number, hintMilliseconds?: number) {
    const throttled = isThrottle(failure);
    if (tries >= triesMax || !(throttled || isTransient(failure))) return undefined;
    const cost = throttled ? costs.throttle : costs.transient;
    if (quota < cost) return undefined;
    quota -= cost;
    const base = throttled ? throttleBase : baseMilliseconds;
    const own = Math.floor(Math.random() * Math.min(base * 2 ** (tries - 1), pauseMax));
    const hinted = Math.min(hintMilliseconds ?? 0, own + hintBeyondMax);
    return { pause: Math.max(own, hinted), cost };
  }

  /** Returns the cost of a call's last retry to the quota. */
  function afterSuccess(cost = costs.none): void {
    quota = Math.min(quotaMax, quota + cost);
  }

  return { afterFailure, afterSuccess };
}

/**
 * The wait that a response asks for, in milliseconds: `x-amz-retry-after` has milliseconds,
 * `retry-after` seconds or a date.
 */
export function waitOf(headers: Record<string, string>, now: number): number | undefined {
  const own = Number(headers["x-amz-retry-after"] ?? Number.NaN);
  if (!Number.isNaN(own)) return own;
  const retryAfter = headers["retry-after"];
  if (retryAfter === undefined) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(retryAfter)
    ? Number(retryAfter) * 1000
    : Date.parse(retryAfter) - now;
  return Number.isNaN(wait) ? undefined : wait;
}
