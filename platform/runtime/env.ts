import * as z from "zod";
import type { Rate, RateKind } from "../../domain/rate.ts";

// Functions, so that only the schemas of settings that are read are made.
const text = () => z.string().min(1);
const count = () => z.coerce.number().int().min(0);
const positive = () => z.coerce.number().int().min(1);
const list = () => z.string().transform((value) => value.split(",").filter(Boolean));
const url = () => z.url();

/** `name=value`, comma-separated: the value of each name. */
const pairs = () =>
  list().transform((pairs): ReadonlyMap<string, string> => {
    const cut = (pair: string) => pair.indexOf("=");
    return new Map(pairs.map((pair) => [pair.slice(0, cut(pair)), pair.slice(cut(pair) + 1)]));
  });

/** `role=scope`, comma-separated: the role that each scope gives. */
const roleScopes = () =>
  pairs().transform((scopes) => new Map([...scopes].map(([role, scope]) => [scope, role])));

/** What one user may do of each kind, in all environments together. */
export type Rates = Readonly<Record<RateKind, Rate>>;

/** Every setting that a function may be given by its stage, with its meaning. */
const settings = {
  /** `dev` or `prod`. */
  STAGE: text,
  TABLE_NAME: text,
  /** Origins that browsers may call and connect from, or `*`. */
  ORIGINS: list,
  /** Credits of one superlike. */
  SUPERLIKE_PRICE: positive,
  /** Days for which messages are kept, 0 for no limit. */
  MESSAGE_DAYS: () => z.coerce.number().int().min(0).default(0),
  /** Words of usernames that only admins have and give. */
  RESERVED_USERNAMES: list,
  /** Times that a user may change their name and surname in a day. */
  NAME_CHANGES_PER_DAY: positive,
  /** Streams that one user may have live at once. */
  LIVE_STREAMS_PER_USER: positive,
  /** The picture of users without one of their own: an https URL. */
  DEFAULT_PICTURE: url,
  /** The picture of streams without one of their own: an https URL. */
  DEFAULT_THUMBNAIL: url,
  /** Gifts and superlikes that one user may send in a second. */
  GIFTS_PER_SECOND: count,
  /** Chat messages that one user may send in a second in one stream. */
  REQUESTS_PER_SECOND: count,
  /** What one user may do of each kind: JSON, `[a second, at once]` by kind. */
  RATES: text,
  /** Credits that a user may spend in a day, 0 for no limit. */
  SPEND_LIMIT: count,
  /** `on` where credit packages may be bought without a store. */
  PURCHASES: () => z.enum(["on", "off"]),
  ISSUER: text,
  /** Clients whose tokens are for us; pages sign in as the first. */
  AUDIENCE: () => text().pipe(list()),
  JWKS_URI: url,
  GROUPS_CLAIM: text,
  /** The claim that names a person, where it is not `sub`. */
  SUBJECT_CLAIM: () => text().default("sub"),
  /** Roles of machines by their scopes; none when absent. */
  ROLE_SCOPES: () => z.string().default("").pipe(roleScopes()),
  /** The base of the WebSocket API's `@connections`. */
  WS_ENDPOINT: url,
  /** Hosts of the APIs besides the HTTP API: `path=URL`, comma-separated, by their paths' start. */
  OTHER_APIS: () => z.string().default("").pipe(pairs()),
  /** Sockets that one user may have open. */
  SOCKETS_PER_USER: count,
  /** Posts a second that this stage may use of the account's rate. */
  POST_RATE: positive,
  COMBOS_QUEUE_URL: url,
  /** The queue of events for webhooks and for the application of the Tencent side. */
  DELIVERIES_QUEUE_URL: url,
  /** The queue of moments that end. */
  ENDINGS_QUEUE_URL: url,
  PLANS_QUEUE_URL: url,
  /** The queue of users whose data is being erased. */
  ERASURES_QUEUE_URL: url,
  MOMENTS_QUEUE_URL: url,
  /** The queue of notices to many users, such as a stream that went live. */
  NOTICES_QUEUE_URL: url,
  /** The queue of notifications that did not arrive. */
  NOTIFICATIONS_QUEUE_URL: url,
  POSTS_QUEUE_URL: url,
  /** The queue of callbacks that were answered as too late, and may have charged all the same. */
  REVERSALS_QUEUE_URL: url,
  /** The queue of connections that are to be sent what they have missed. */
  RESUMES_QUEUE_URL: url,
  /** The queue of deliveries that failed and wait for their next attempt. */
  RETRIES_QUEUE_URL: url,
  /** The queue of rooms that were created or destroyed, for the Tencent side's callbacks. */
  ROOMS_QUEUE_URL: url,
  /** The queue of streams to whose sums something was added. */
  SUMS_QUEUE_URL: url,
  /** The queue of users whom the search does not find yet. */
  USERS_QUEUE_URL: url,
  /** Missed frames that one user's connections are sent in a second, together. */
  RESUME_FRAMES_PER_SECOND: positive,
  /** Viewers above which a room is posted by a function of its own. */
  LARGE_ROOM_VIEWERS: positive,
  /** Viewers above which a room's posting is cut into slices, and of one slice. */
  PART_VIEWERS: positive,
  /** The name of the function that posts one slice. */
  POST_PART_FUNCTION: text,
  TENCENT_SDK_APP_ID: positive,
  /** Accounts that may call the Tencent API. */
  TENCENT_ADMINISTRATORS: list,
  /** The secret that holds the key of the Tencent application. */
  TENCENT_SECRET_ARN: text,
  /** The bucket of pictures, and the address below which everybody reads them. */
  PICTURES_BUCKET: text,
  PICTURES_URL: url,
  /** Where the stage's domain leads; absent without one. */
  PUBLIC_URL: () => z.url().optional(),
  /** Where the stage's relay takes WebSockets; absent without one. */
  RELAY_URL: () => z.url().optional(),
  /** Viewers from which a room is served by the relay. */
  RELAY_FROM_VIEWERS: () => z.coerce.number().int().min(0).default(0),
  /** The secret that holds the key in the address of callbacks from Tencent. */
  CALLBACK_SECRET_ARN: text,
  /** The address that the AWS calls go to; absent on AWS itself. */
  AWS_ENDPOINT_URL: () => z.url().optional(),
  /** `on` in the one-machine runner only. */
  LOCAL: () => z.enum(["on"]).optional(),
} as const;

type Settings = { [Name in keyof typeof settings]: z.output<ReturnType<(typeof settings)[Name]>> };

/** The names that lib/ must give to the functions that need them. */
export type SettingName = keyof Settings;

const known = new Map<string, unknown>();

/**
 * One setting, checked on first use: importing a function has no effects. Throws when it is wrong.
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
 * What Lambda puts into the environment of every function: for signing calls ourselves. In the
 * relay's process the credentials are replaced every few hours (relay/start.ts), so they are read
 * at each use.
 */
export const awsEnvironment = () => ({
  region: process.env.AWS_REGION ?? "us-east-1",
  accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? "",
  secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? "",
  sessionToken: process.env.AWS_SESSION_TOKEN,
});

/** The function that runs, and its version where an alias leads to one. */
export const runningVersion = () => ({
  FunctionName: process.env.AWS_LAMBDA_FUNCTION_NAME ?? "",
  ExecutedVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
});

/**
 * The trace of the current invocation, which Lambda puts into the environment each time. By it
 * Lambda recognizes a call as part of a chain, so that a loop of functions is stopped.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
 */
export const traceId = () => process.env._X_AMZN_TRACE_ID || undefined;
