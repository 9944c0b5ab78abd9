import { boundedTimeout, TimeoutError } from "../runtime/deadline.ts";

/** Tries of one call, by the SDK: on a new connection where the last one was silent. */
export const triesMax = 3;

/**
 * The longest that one try may take, from the request to the last byte of the answer. DynamoDB, SQS
 * and Secrets Manager answer in milliseconds; what is later than this is a connection that has
 * died, as they do while an environment is frozen.
 */
export const tryMilliseconds = 1_500;

/** The SDK's pauses between three tries: at most a second and then two, after a throttle. */
const pausesMilliseconds = 3_000;

/** The longest that one call may take. */
export const callMillisecondsMax = triesMax * tryMilliseconds + pausesMilliseconds;

type Next = (args: unknown) => Promise<unknown>;
type Stack = {
  add(bound: (next: Next) => Next, where: { step: string; priority: string; name: string }): void;
  remove(name: string): void;
};

/**
 * Makes a client of AWS: the only place that does, since the SDK's own bounds are minutes, and its
 * `requestTimeout` only warns unless it is configured to throw. A try that is late is a
 * `TimeoutError` and tried again; when the function's own time is over a call is refused as
 * `unavailable`, so that the caller still receives an answer. The clients of platform/aws, which
 * the bundles have instead of the SDK's, keep these bounds by themselves. `settings` are the
 * client's in addition; `tryMilliseconds` is for programs that are not functions.
 */
export function openClient<C>(
  Client: new (settings: object) => C,
  { tryMilliseconds: most = tryMilliseconds, ...settings }: Settings = {},
): C {
  const client = new Client({
    maxAttempts: triesMax,
    requestHandler: {
      connectionTimeout: most,
      requestTimeout: most,
      throwOnRequestTimeout: true,
      // An answer that stops halfway: the request's own bound ends with the headers.
      socketTimeout: most,
    },
    ...settings,
  });
  const { middlewareStack } = client as { middlewareStack?: Stack };
  const where = { step: "deserialize", priority: "high", name: "boundTry" };
  middlewareStack?.add((next) => (args) => bound(() => next(args), most), where);
  // It prepares all that was read for a log which nobody keeps: two fifths of reading a room.
  middlewareStack?.remove("loggerMiddleware");
  return client;
}

type Settings = Record<string, unknown> & { tryMilliseconds?: number };

/** Waits for one try, reading included, no longer than it may take and the function has. */
async function bound(work: () => Promise<unknown>, most: number): Promise<unknown> {
  const milliseconds = boundedTimeout(most);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(milliseconds)), milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
