import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Role } from "../../platform/auth/caller.ts";
import type { Rates } from "../../platform/runtime/env.ts";
import { prodCanaries } from "./canaries.ts";
import { devRates, prodRates } from "./rates.ts";
import type { RelaySettings } from "./relay.ts";
import type { FunctionName } from "./route-table.ts";
import { assertNoConflicts, type StageIdentity } from "./stage-identity.ts";
import { assertPossible, type Throughput } from "./stage-limits.ts";

/** All differences between stages: the stage's identity, and a policy. */
export type Stage = StageIdentity & Policy;

/** How a stage behaves; another stage may inherit it. */
export type Policy = {
  /** Whether the table, its backups and the identities are kept when the stack is deleted. */
  keepData: boolean;
  /** Days for which messages are kept, 2 or more; 0 means indefinitely. */
  messageDays: number;
  /** In days. As a number, since CDK's names would load CDK wherever stages are read. */
  logRetention: RetentionDays;
  /** Origins that browsers may call and connect from; `*` for any. */
  origins: readonly string[];
  /** How many seconds API Gateway caches the authorizer's result for a token. */
  authorizerCacheSeconds: number;
  /** Requests a second, and at once, that the whole HTTP API accepts. */
  throttle: { rate: number; burst: number };
  /** Calls of one Tencent command a second, and at once: that API promises 200 a second. */
  commandThrottle: { rate: number; burst: number };
  /** Posts to sockets a second: this stage's share of the account's 10,000. */
  postRate: number;
  /** Missed frames a second for all connections of one user. */
  resumeFramesPerSecond: number;
  socketsPerUser: number;
  /** Chat messages of one user in one stream. */
  requestsPerSecond: number;
  /** The rates of one user for each kind of call, over all environments: a second, and at once. */
  rates: Rates;
  giftsPerSecond: number;
  /** Credits that one user may spend in a day, 0 for no limit. */
  spendLimit: number;
  /** Total debt of all wallets, in credits, above which an alarm fires. */
  owedMax: number;
  /** Credits. */
  superlikePrice: number;
  /** Staff words: only admins may have and assign usernames and names with them. */
  reservedUsernames: readonly string[];
  /** How often one user may change their name and surname in a day. */
  nameChangesPerDay: number;
  /** The number of streams that one user may have live at once. */
  liveStreamsPerUser: number;
  largeRoomViewers: number;
  /**
   * The number of viewers above which several environments post to a room, post rate permitting.
   */
  partViewers: number;
  defaultPicture: string;
  defaultThumbnail: string;
  /**
   * The relay's tasks, and the number of viewers from which they serve a room's sockets; without it
   * API Gateway serves all of them.
   */
  relay?: RelaySettings;
  /** Whether credit packages may be bought without a store. */
  purchases: boolean;
  /** A web application firewall in front of the HTTP APIs, or of the domain if there is one. */
  firewall: boolean;
  /** The e-mail address for alarms; none if undefined. */
  alarmsAddress?: string;
  /** Dollars a month for the whole account, above which the alarms' address gets a mail. */
  monthlyDollars: number;
  /** The account's Lambda concurrency, of which 400 stay unreserved if data is kept. */
  accountConcurrency: number;
  /** API Gateway's requests a second for the whole account and region. */
  accountRate: number;
  /** The table's initial warm throughput; AWS bills the part above a new table's once. */
  warmThroughput?: Throughput;
  /** Above this the table throttles, so that a loop stays cheap. */
  throughputMax?: Throughput;
  /**
   * Executions reserved for single functions: those that others depend on, and those that wait for
   * other hosts. A queue's reader is limited by its mapping instead (lib/compute/sources.ts).
   */
  reservedConcurrency: ByFunction;
  /** Functions whose new version first gets a tenth of the calls (lib/api/canaries.ts). */
  canaries: readonly FunctionName[];
  /** Whether new versions of the canaries take all calls at once (`--no-canary`). */
  deploysAtOnce?: true;
  /** Memory of functions in this stage, instead of their contracts' defaults. */
  memoryMegabytes: ByFunction;
  tencent: { sdkAppId: number; administrators: readonly string[] };
  /** The claim of a token that lists its groups. */
  groupsClaim: string;
  /** The claim with the user id; another one than `sub` if that is not a valid user id. */
  subjectClaim: string;
  /** The scope of each role in a back end's token; users get roles only from groups. */
  roleScopes: Readonly<Partial<Record<Role, string>>>;
  /** The sender of the user pool's mails, verified in SES; default: Cognito's own. */
  mailFrom?: string;
  /** URLs of `/console` to which the user pool may redirect. */
  consoleUrls: readonly string[];
};

/** A policy without any field of an identity, so that a stage that inherits it copies none. */
type OwnPolicy = Policy & { [own in keyof StageIdentity]?: never };

/** A stage without its name, as listed below. */
export type Row = { policy: OwnPolicy; place?: Omit<StageIdentity, "name"> };

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
    "admin",
    "administrator",
    "sysadmin",
    "mod",
    "moderator",
    "staff",
    "security",
    "official",
    "support",
    "helpdesk",
    "billing",
    "ovation",
  ],
  nameChangesPerDay: 1_000_000,
  liveStreamsPerUser: 10_000,
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
  // The limits of a new table; full use for an hour costs about $15.
  throughputMax: { reads: 12_000, writes: 4_000 },
  // A new account has 10 concurrent executions, of which none can be reserved.
  reservedConcurrency: {},
  canaries: [],
  memoryMegabytes: {},
  tencent: { sdkAppId: demoSdkAppId, administrators: ["administrator"] },
  groupsClaim: "cognito:groups",
  subjectClaim: "sub",
  roleScopes: { service: "ovation/service" },
  // Cognito accepts http only for this name.
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
  // Forty accounts that only reconnect use a quarter of the posts. An hour of one costs less than a
  // dollar, even if its frames are the largest.
  resumeFramesPerSecond: 50,
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
  // More than an account's default of 10,000: the quota is checked before each deployment.
  accountRate: 18_000,
  // A thousand gifts a second, of 16 units each. About $10, once.
  warmThroughput: { reads: 24_000, writes: 16_000 },
  canaries: prodCanaries,
  reservedConcurrency: {
    "auth/http": 150,
    "auth/socket": 100,
    // One for each shard, and so for each partition of a large table.
    "realtime/fan-out": 60,
    "money/settle": 60,
    "realtime/post": 50,
    // Long polls wait for twenty seconds: limited, so that they leave room for all other calls.
    "streams/events": 100,
    // Functions that wait for other hosts, so that a host that hangs blocks nothing else.
    "users/sign-in": 10,
    "users/sign-in-settings": 5,
    "tencent/gifts/send": 30,
  },
};

/** Like prod in everything that a release is tested against, with data that may be deleted. */
const staging: OwnPolicy = {
  ...prod,
  keepData: false,
  postRate: 2_000,
  throttle: { rate: 500, burst: 1_000 },
  reservedConcurrency: {},
};

/**
 * Every stage: add a row for another one, with an existing policy if it should behave alike. The
 * stage's own properties, such as its region or its domain, are its `place`.
 */
const rows: Readonly<Record<string, Row>> = {
  dev: { policy: dev },
  staging: { policy: staging },
  prod: { policy: prod },
};

/** The stage names for the command line. */
export const stageNames = Object.keys(rows);

/** The listed stages. Throws if one cannot have its name, or would use another's resources. */
export function stagesOf(listed: Readonly<Record<string, Row>>): Stage[] {
  const stages = Object.entries(listed).map(([name, { policy, place }]) => {
    const own: Policy = policy;
    return { ...own, ...place, name };
  });
  assertNoConflicts(stages);
  return stages;
}

/** Where a stage's stacks are deployed; what it leaves open comes from the credentials. */
export const stackEnvironmentOf = ({ account, region }: Stage) => ({
  env: { ...(account && { account }), ...(region && { region }) },
});

/** Reads one value of the command line, `-c name=value`. */
type Option = (name: string) => string | undefined;

/** The listed stage of this name, by default dev. Throws if there is none. */
export const stageNamed = (name: string | undefined): Stage =>
  stageOf((key) => (key === "stage" ? name : undefined));

/** The stage named on the command line. Throws if it is invalid. */
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
  // One machine runs one task, for every room.
  if (option("relay") === "on") stage.relay ??= { minTasks: 1, maxTasks: 1, fromViewers: 0 };
  if (option("relay") === "off") delete stage.relay;
  stage.superlikePrice = Number(option("superlikePrice") ?? stage.superlikePrice);
  if (option("canary") === "off") stage.deploysAtOnce = true;
  stage.groupsClaim = option("groupsClaim") ?? stage.groupsClaim;
  assertPossible(stage);
  return stage;
}
