import * as z from "zod";
import type { Rate, RateKind } from "../../domain/rate.ts";

// Functions, so that only the schemas of settings in use are built.
const text = () => z.string().min(1);
const count = () => z.coerce.number().int().min(0);
const positive = () => z.coerce.number().int().min(1);
const list = () => z.string().transform((value) => value.split(",").filter(Boolean));
const url = () => z.url();

/** Comma-separated `name=value`, as a map of the values. */
const pairs = () =>
  list().transform((pairs): ReadonlyMap<string, string> => {
    const cut = (pair: string) => pair.indexOf("=");
    return new Map(pairs.map((pair) => [pair.slice(0, cut(pair)), pair.slice(cut(pair) + 1)]));
  });

/** Comma-separated `role=scope`, as a map of the roles. */
const roleScopes = () =>
  pairs().transform((scopes) => new Map([...scopes].map(([role, scope]) => [scope, role])));

/** A user's limits for each kind of call, over all environments. */
export type Rates = Readonly<Record<RateKind, Rate>>;

/** JSON of `[per second, burst]` by kind, as rates. */
const rates = () =>
  text().transform((json): Rates => {
    const given = JSON.parse(json) as Record<string, [number, number]>;
    const rateOf = ([perSecond, burst]: [number, number]): Rate => ({ perSecond, burst });
    const entries = Object.entries(given).map(([kind, pair]) => [kind, rateOf(pair)]);
    return Object.fromEntries(entries) as Rates;
  });

/** Every setting that a stage may give to a function, with its meaning. */
const settings = {
  /** `dev` or `prod`. */
  STAGE: text,
  TABLE_NAME: text,
  /** Origins that browsers may call and connect from, or `*` for all. */
  ORIGINS: list,
  /** Price of a superlike in credits. */
  SUPERLIKE_PRICE: positive,
  /** Days for which messages are kept; 0 for no limit. */
  MESSAGE_DAYS: () => z.coerce.number().int().min(0).default(0),
  /** Words in usernames that only admins may use and assign. */
  RESERVED_USERNAMES: list,
  /** Times per day that a user may change their name and surname. */
  NAME_CHANGES_PER_DAY: positive,
  /** Streams that one user may have live at the same time. */
  LIVE_STREAMS_PER_USER: positive,
  /** The default picture of users: an https URL. */
  DEFAULT_PICTURE: url,
  /** The default picture of streams: an https URL. */
  DEFAULT_THUMBNAIL: url,
  /** Gifts and superlikes that one user may send per second. */
  GIFTS_PER_SECOND: count,
  /** Chat messages that one user may send per second in one stream. */
  REQUESTS_PER_SECOND: count,
  /** Rate limits per user. */
  RATES: rates,
  /** Credits that a user may spend per day; 0 for no limit. */
  SPEND_LIMIT: count,
  /** `on` if credit packages may be bought without an app store. */
  PURCHASES: () => z.enum(["on", "off"]),
  ISSUER: text,
  /** Client ids whose tokens are accepted. The pages sign in as the first one. */
  AUDIENCE: () => text().pipe(list()),
  JWKS_URI: url,
  GROUPS_CLAIM: text,
  /** The token's claim that contains the user id, if it is not `sub`. */
  SUBJECT_CLAIM: () => text().default("sub"),
  /** Roles of machine clients by scope; none if absent. */
  ROLE_SCOPES: () => z.string().default("").pipe(roleScopes()),
  /** The base of the WebSocket API's `@connections`. */
  WS_ENDPOINT: url,
  /** URLs of the other APIs by path prefix: comma-separated `path=URL`. */
  OTHER_APIS: () => z.string().default("").pipe(pairs()),
  /** Sockets that one user may have open at the same time. */
  SOCKETS_PER_USER: count,
  /** The stage's share of the account's post rate, in posts per second. */
  POST_RATE: positive,
  COMBOS_QUEUE_URL: url,
  /** The queue of events for webhooks and the Tencent API's application. */
  DELIVERIES_QUEUE_URL: url,
  /** The queue of moments (polls, goals, trains) whose end is to be counted. */
  ENDINGS_QUEUE_URL: url,
  PLANS_QUEUE_URL: url,
  /** The queue of users whose data is being erased. */
  ERASURES_QUEUE_URL: url,
  /**
   * The queue of changes to what open sockets may see: expired or revoked credentials, bans,
   * passes, channels.
   */
  MOMENTS_QUEUE_URL: url,
  /** The queue of notices to many users, for example that a stream is live. */
  NOTICES_QUEUE_URL: url,
  /** The queue of undelivered notifications. */
  NOTIFICATIONS_QUEUE_URL: url,
  /** The queue of external pictures to fetch. */
  FETCHES_QUEUE_URL: url,
  POSTS_QUEUE_URL: url,
  /** The queue of callbacks that were answered as timed out, but may have charged credits. */
  REVERSALS_QUEUE_URL: url,
  /** The queue of connections that need missed frames. */
  RESUMES_QUEUE_URL: url,
  /** The queue of failed deliveries that wait for a retry. */
  RETRIES_QUEUE_URL: url,
  /** The queue of created and destroyed rooms, for the Tencent API's callbacks. */
  ROOMS_QUEUE_URL: url,
  /** The queue of streams whose sums have changed. */
  SUMS_QUEUE_URL: url,
  /** The queue of users to add to the search index. */
  USERS_QUEUE_URL: url,
  /** Missed frames per second that all connections of one user share. */
  RESUME_FRAMES_PER_SECOND: positive,
  /** Viewers above which a separate function posts to a room. */
  LARGE_ROOM_VIEWERS: positive,
  /** Viewers above which posts to a room are sliced; also the size of a slice. */
  PART_VIEWERS: positive,
  /** The name of the function that posts one slice. */
  POST_PART_FUNCTION: text,
  TENCENT_SDK_APP_ID: positive,
  /** Accounts that may call the Tencent API. */
  TENCENT_ADMINISTRATORS: list,
  /** The secret that holds the key of the Tencent application. */
  TENCENT_SECRET_ARN: text,
  /** The bucket of pictures, and their public base URL. */
  PICTURES_BUCKET: text,
  PICTURES_URL: url,
  /** The URL of the stage's domain; absent without one. */
  PUBLIC_URL: () => z.url().optional(),
  /** The URL of the stage's relay for WebSockets; absent without one. */
  RELAY_URL: () => z.url().optional(),
  /** Viewers from which a relay serves a room. */
  RELAY_FROM_VIEWERS: () => z.coerce.number().int().min(0).default(0),
  /** The secret with the key in the URL of callbacks from Tencent. */
  CALLBACK_SECRET_ARN: text,
  /** The endpoint of AWS calls; absent on AWS. */
  AWS_ENDPOINT_URL: () => z.url().optional(),
  /** `on` only in the local runner. */
  LOCAL: () => z.enum(["on"]).optional(),
} as const;

type Settings = { [Name in keyof typeof settings]: z.output<ReturnType<(typeof settings)[Name]>> };

/** The names of settings, which `lib/` gives to the functions that need them. */
export type SettingName = keyof Settings;

const known = new Map<string, unknown>();

/**
 * Returns a setting, validated on first use, so that importing a function has no effects. Throws if
 * it is invalid.
 */
export function setting<Name extends SettingName>(name: Name): Settings[Name] {
  if (!known.has(name)) {
    const parsed = settings[name]().safeParse(process.env[name]);
    if (!parsed.success) throw new Error(`The setting ${name} is wrong: ${parsed.error.message}`);
    known.set(name, parsed.data);
  }
  return known.get(name) as Settings[Name];
}

/**
 * Lambda's environment variables for signing calls. Read at each use, because a relay replaces its
 * credentials every few hours (relay/start.ts).
 */
export const awsEnvironment = () => ({
  region: process.env.AWS_REGION ?? "us-east-1",
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? "",
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? "",
  sessionToken: process.env.AWS_SESSION_TOKEN,
});

/** The name of the running function, and its version if it was called through an alias. */
export const runningVersion = () => ({
  FunctionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? "",
  ExecutedVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
});

/**
 * The trace of the current invocation, which Lambda puts into the environment each time. With it,
 * Lambda detects and stops recursive loops of calls.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const traceId = () => process.env._X_AMZN_TRACE_ID || undefined;
