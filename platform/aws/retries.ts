/** What is known of a failure: the SDK's own members of an error. */
export type Failure = Error & {
  code?: string;
  $retryable?: object;
  $metadata?: { httpStatusCode?: number; clockSkewCorrected?: boolean };
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
  ...["ECONNRESET", "ECONNREFUSED", "EPIPE", "ETIMEDOUT"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"],
]);

const isThrottle = ({ name, $metadata }: Failure) =>
  $metadata?.httpStatusCode === 429 || throttles.has(name);

const isTransient = ({ name, message, code, $metadata }: Failure) =>
  transientNames.has(name) ||
  transientCodes.has(code ?? "") ||
  transientStatuses.has($metadata?.httpStatusCode ?? 0) ||
  $metadata?.clockSkewCorrected === true ||
  (name === "InvalidSignatureException" && message.includes("Signature expired"));

/** The longest pause; a throttle's pauses begin at a second. Milliseconds. */
const pauseMax = 20_000;
const throttleBase = 1_000;
/** An answer that says how long to wait is obeyed up to this much beyond the client's own pause. */
const hintBeyondMax = 5_000;

/** A client has this many of them: a retry takes some, a success gives those back, or one. */
const quotaMax = 500;
const costs = { throttle: 5, transient: 14, none: 1 };

/**
 * Makes the retries of one client: whether and when a call is made again, by the SDK's "standard"
 * mode, figure by figure, with its defaults of 2026. They share a quota, so that calls to a service
 * that is down do not triple. `triesMax` counts the tries of one call, the first included;
 * `baseMilliseconds` is the longest first pause after a failure that is not a throttle.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function createRetries(triesMax: number, baseMilliseconds: number) {
  let quota = quotaMax;

  /**
   * What comes after a failed try: a pause in milliseconds and what the retry has cost, or
   * undefined where the failure is the call's. `tries` were made, this one included;
   * `hintMilliseconds` is how long the answer said to wait.
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

  /** Gives back what the last retry of a call has cost. */
  function afterSuccess(cost = costs.none): void {
    quota = Math.min(quotaMax, quota + cost);
  }

  return { afterFailure, afterSuccess };
}

/**
 * How long an answer says to wait, in milliseconds: `x-amz-retry-after` has milliseconds,
 * `retry-after` seconds or a date.
 */
export function waitOf(headers: Record<string, string>, now: number): number | undefined {
  const own = Number(headers["x-amz-retry-after"] ?? Number.NaN);
  if (!Number.isNaN(own)) return own;
  const told = headers["retry-after"];
  if (told === undefined) return undefined;
  const wait = /^\d+(\.\d+)?$/.test(told) ? Number(told) * 1000 : Date.parse(told) - now;
  return Number.isNaN(wait) ? undefined : wait;
}
