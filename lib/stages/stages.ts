import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Role } from "../../platform/auth/caller.ts";
import type { Rates } from "../../platform/runtime/env.ts";
import { prodCanaries } from "./canaries.ts";
import { assertApart, type Place } from "./place.ts";
import { devRates, prodRates } from "./rates.ts";
import type { RelayOf } from "./relay.ts";
import type { FunctionName } from "./route-table.ts";
import { assertPossible, type Throughput } from "./stage-limits.ts";

/** Everything in which the stages differ: a place of its own, and a policy. */
export type Stage = Place & Policy;

/** How a stage behaves; one stage may take over another's. */
export type Policy = {
  /** Kept when its stack is deleted: the table, its backups, the identities. */
  keepData: boolean;
  /** Days for which messages are kept, 2 or more; 0 is forever. */
  messageDays: number;
  /** Days; not CDK's names, which would be loaded wherever stages are read. */
  logRetention: RetentionDays;
  /** Origins that browsers may call and connect from; `*` for any. */
  origins: readonly string[];
  /** Seconds for which API Gateway remembers what the authorizer said of a token. */
  authorizerCacheSeconds: number;
  /** Requests a second, and at once, that the whole HTTP API takes. */
  throttle: { rate: number; burst: number };
  /** Calls of one Tencent command a second, and at once: that API promises 200 a second. */
  commandThrottle: { rate: number; burst: number };
  /** Posts to sockets a second: this stage's share of the account's 10,000. */
  postRate: number;
  /** Missed frames that the connections of one user are sent in a second, together. */
  resumeFramesPerSecond: number;
  socketsPerUser: number;
  /** Chat messages of one user in one stream. */
  requestsPerSecond: number;
  /** What one user may do of each kind, in all environments together: a second, and at once. */
  rates: Rates;
  giftsPerSecond: number;
  /** Credits that one user may spend in a day, 0 for no limit. */
  spendLimit: number;
  /** Total debt of all wallets, in credits, above which an alarm fires. */
  owedMax: number;
  /** Credits. */
  superlikePrice: number;
  /** Words of staff names: only admins have and give such usernames, and have such names. */
  reservedUsernames: readonly string[];
  /** Times that one user may change their name and surname in a day. */
  nameChangesPerDay: number;
  /** Streams that one user may have live at once. */
  liveStreamsPerUser: number;
  largeRoomViewers: number;
  /** Viewers above which several environments post a room, where the post rate is enough. */
  partViewers: number;
  defaultPicture: string;
  defaultThumbnail: string;
  /**
   * The relay's tasks, and the number of viewers from which they have a room's sockets; without it
   * API Gateway has all of them.
   */
  relay?: RelayOf;
  /** Whether credit packages may be bought without a store. */
  purchases: boolean;
  /** A web application firewall before the HTTP APIs, or before the domain where there is one. */
  firewall: boolean;
  /** The e-mail address for alarms; none if undefined. */
  alarmsAddress?: string;
  /** Dollars a month for the whole account, above which the alarms' address gets a mail. */
  monthlyDollars: number;
  /** Lambda's concurrency of the account, of which 400 stay unreserved where data is kept. */
  accountConcurrency: number;
  /** Requests a second that API Gateway takes for the whole account and region. */
  accountRate: number;
  /** What the table takes from its first minute on; above that of a new table AWS bills it once. */
  warmThroughput?: Throughput;
  /** Above this the table throttles, so that a loop costs dollars and not a fortune. */
  throughputMax?: Throughput;
  /**
   * Executions reserved for one function: what others depend on, and what waits for others. A queue's
   * reader is bounded by its mapping instead (lib/compute/sources.ts).
   */
  reservedConcurrency: ByFunction;
  /** Functions whose new version takes a tenth of the calls first (lib/api/release.ts). */
  canaries: readonly FunctionName[];
  /** Whether new versions of the canaries take all calls at once (`--no-canary`). */
  deploysAtOnce?: true;
  /** Memory of a function in this stage, in place of its contract's. */
  memoryMegabytes: ByFunction;
  tencent: { sdkAppId: number; administrators: readonly string[] };
  /** The claim of a token that lists its groups. */
  groupsClaim: string;
  /** The claim that names a person, where the issuer's `sub` is no user id here. */
  subjectClaim: string;
  /** Scopes that give a machine's token a role; people have theirs by groups alone. */
  roleScopes: Readonly<Partial<Record<Role, string>>>;
  /** The address from which the stage's user pool writes, verified in SES; else Cognito's own. */
  mailFrom?: string;
  /** Where the stage's user pool may lead back to: addresses of `/console`. */
  consoleUrls: readonly string[];
};

/** A policy that has nothing of any place in it, so that none is taken over with it. */
type OwnPolicy = Policy & { [own in keyof Place]?: never };

/** A stage as it is listed, under its name. */
export type Row = { policy: OwnPolicy; place?: Omit<Place, "name"> };

/** A number for some functions; a name that the route table does not have does not compile. */
type ByFunction = Readonly<Partial<Record<FunctionName, number>>>;

const pictures = "https://assets.ovation.example";

/** The application of the demo; Tencent gives each its own. */
export const demoSdkAppId = 1_400_000_001;

const dev: OwnPolicy = {
  keepData: false,
  messageDays: 0,
  logRetention: 7,
  origins: ["*"],
  authorizerCacheSeconds: 0,
  throttle: { rate: 5_000, burst: 5_000 },
  commandThrottle: { rate: 200, burst: 200 },
  postRate: 9_000,
  resumeFramesPerSecond: 500,
  socketsPerUser: 100,
  requestsPerSecond: 1_000,
  rates: devRates,
  giftsPerSecond: 100,
  spendLimit: 0,
  owedMax: 10_000,
  superlikePrice: 10,
  reservedUsernames: [
    ...["admin", "administrator", "sysadmin", "mod", "moderator", "staff", "security"],
    ...["official", "support", "helpdesk", "billing", "ovation"],
  ],
  nameChangesPerDay: 1_000_000,
  liveStreamsPerUser: 100,
  largeRoomViewers: 1_000,
  // Posted in half a second and read in a page of the table: smaller parts would cost more calls.
  partViewers: 5_000,
  defaultPicture: `${pictures}/default-picture.png`,
  defaultThumbnail: `${pictures}/default-thumbnail.png`,
  purchases: true,
  firewall: false,
  monthlyDollars: 50,
  accountConcurrency: 1_000,
  // In some regions it is 2,500: Milan, Spain, Zurich, the Emirates, Tel Aviv and others.
  accountRate: 10_000,
  // What a new table takes anyway; all of it for an hour is about $15.
  throughputMax: { reads: 12_000, writes: 4_000 },
  // A new account has 10 executions at once, of which nothing can be reserved.
  reservedConcurrency: {},
  canaries: [],
  memoryMegabytes: {},
  tencent: { sdkAppId: demoSdkAppId, administrators: ["administrator"] },
  groupsClaim: "cognito:groups",
  subjectClaim: "sub",
  roleScopes: { service: "ovation/service" },
  // Cognito takes http of this name alone.
  consoleUrls: ["http://localhost:4000/console"],
};

const { throughputMax: _, ...shared } = dev;

const prod: OwnPolicy = {
  ...shared,
  keepData: true,
  logRetention: 90,
  origins: ["https://ovation.example"],
  consoleUrls: ["https://ovation.example/console"],
  mailFrom: "no-reply@ovation.example",
  authorizerCacheSeconds: 300,
  throttle: { rate: 2_000, burst: 4_000 },
  postRate: 8_000,
  // Ten accounts that only reconnect take a quarter of the posts.
  resumeFramesPerSecond: 200,
  socketsPerUser: 10,
  requestsPerSecond: 20,
  rates: prodRates,
  giftsPerSecond: 20,
  nameChangesPerDay: 5,
  liveStreamsPerUser: 5,
  spendLimit: 1_000_000,
  purchases: false,
  firewall: true,
  alarmsAddress: "alarms@ovation.example",
  monthlyDollars: 2_000,
  // More than an account's 10,000: a look at the quota comes before each deployment.
  accountRate: 18_000,
  // A thousand gifts a second, of 16 units each. Some $10, once.
  warmThroughput: { reads: 24_000, writes: 16_000 },
  canaries: prodCanaries,
  reservedConcurrency: {
    "auth/http": 150,
    "auth/socket": 100,
    // One for each shard, and so for each partition of a table that has grown.
    "realtime/fan-out": 60,
    "money/settle": 60,
    "realtime/post": 50,
    // Long polls wait for twenty seconds: no more of them, so that they leave room for all calls.
    "streams/events": 100,
    // Those that wait for other hosts, so that a host which hangs holds up nothing else.
    "users/sign-in": 10,
    "users/sign-in-settings": 5,
    "tencent/gifts/send": 30,
  },
};

/** As prod in all that a release is tried against, with data that may go. */
const staging: OwnPolicy = {
  ...prod,
  keepData: false,
  postRate: 2_000,
  throttle: { rate: 500, burst: 1_000 },
  reservedConcurrency: {},
};

/**
 * Every stage that there is: a further one is a row here, with the policy of another one if it is
 * to be like it. What is the stage's own, such as its region or its domain, is its `place`.
 */
const rows: Readonly<Record<string, Row>> = {
  dev: { policy: dev },
  staging: { policy: staging },
  prod: { policy: prod },
};

/** What the command line may name. */
export const stageNames = Object.keys(rows);

/** The stages that are listed. Throws a sentence where one would take another's place. */
export function stagesOf(listed: Readonly<Record<string, Row>>): Stage[] {
  const stages = Object.entries(listed).map(([name, { policy, place }]) => {
    const own: Policy = policy;
    return { ...own, ...place, name };
  });
  assertApart(stages);
  return stages;
}

/** Where a stage's stacks are deployed; what it leaves open is that of the credentials. */
export const placeOf = ({ account, region }: Stage) => ({
  env: { ...(account && { account }), ...(region && { region }) },
});

/** Reads one value of the command line, `-c name=value`. */
type Option = (name: string) => string | undefined;

/** The stage that the command line asks for. Throws a sentence when it is wrong. */
export function stageOf(option: Option): Stage {
  const name = option("stage") ?? "dev";
  const found = stagesOf(rows).find((stage) => stage.name === name);
  if (found === undefined)
    throw new Error(`-c stage=${name}: expected one of ${stageNames.join(", ")}`);
  const stage = { ...found };
  const issuer = option("issuer");
  if (issuer !== undefined) {
    const audience = option("audience");
    const jwks = option("jwks");
    if (audience === undefined || jwks === undefined)
      throw new Error("-c issuer= also needs -c audience= and -c jwks=");
    stage.issuer = { issuer, audience, jwks };
  }
  // One machine has one task, for every room.
  if (option("relay") === "on") stage.relay ??= { minTasks: 1, maxTasks: 1, fromViewers: 0 };
  if (option("relay") === "off") delete stage.relay;
  if (option("canary") === "off") stage.deploysAtOnce = true;
  stage.groupsClaim = option("groupsClaim") ?? stage.groupsClaim;
  assertPossible(stage);
  return stage;
}
