import type { QueueName, TaskName } from "../../platform/lambda/grants.ts";
import type { SettingName } from "../../platform/runtime/env.ts";
import { originOf, relayUrlOf } from "../stages/domain.ts";
import { functionName } from "../stages/names.ts";
import type { AnyContract } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";

/** Settings of the machine, not of the stage. */
type Machine = "AWS_ENDPOINT_URL" | "LOCAL";

/** Values that are known only when the stacks are deployed. */
export type DeployedValues = {
  tableName: string;
  issuer: string;
  audience: string;
  jwksUri: string;
  socketEndpoint: string;
  queueUrls: Record<QueueName, string>;
  tencentSecretArn: string;
  callbackSecretArn: string;
  picturesBucket: string;
  picturesUrl: string;
  /** Hosts of the APIs besides the HTTP API, by the start of their paths. */
  otherApis: Readonly<Record<string, string>>;
};

type Setting = { value: string | undefined; for: (contract: AnyContract) => boolean };

/** Functions that serve callers or process their calls; a user pool's trigger does neither. */
const everyone = ({ kind }: AnyContract) => kind !== "trigger";
const ofKind =
  (...kinds: AnyContract["kind"][]) =>
  (contract: AnyContract) =>
    kinds.includes(contract.kind);
/** Functions that verify tokens. */
const judges = ofKind("authorizer", "relay");
/** Functions that get the issuer's settings: they verify tokens or call the issuer. */
export const asksIssuer = (contract: AnyContract) =>
  judges(contract) || contract.grants.issuer === true;
const toSockets = ({ kind, grants }: AnyContract) =>
  kind === "socket" || grants.connections === true;
const readsQueue = (queue: QueueName) => (contract: AnyContract) =>
  contract.kind === "consumer" && "queue" in contract.on && contract.on.queue === queue;
const toQueue = (queue: QueueName) => (contract: AnyContract) =>
  (contract.grants.queues ?? []).includes(queue) || readsQueue(queue)(contract);

const judgesHandshakes = (contract: AnyContract) =>
  contract.kind === "relay" || (contract.kind === "authorizer" && contract.api === "socket");

const postSlice: TaskName = "realtime/post-part";
const givesParts = ({ grants }: AnyContract) => grants.tasks?.includes(postSlice) ?? false;

/** Functions that serve an API description, which contains its URL. */
const describes = (contract: AnyContract) =>
  contract.kind === "endpoint" && contract.route.endsWith(".json");

/** The function that describes the sockets, whose address it needs. */
const describesSockets = (contract: AnyContract) =>
  contract.kind === "endpoint" && contract.route === "GET /asyncapi.json";

const describesOthers = (contract: AnyContract) =>
  contract.kind === "endpoint" && contract.route === "GET /openapi.json";

const pairsText = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join();

/** Compact, since all settings of a function together are limited to 4 KB. */
const ratesText = ({ rates }: Stage) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(rates).map(([kind, { perSecond, burst }]) => [kind, [perSecond, burst]]),
    ),
  );

/** A stage's settings that all functions need. */
const rulesOf = (stage: Stage) =>
  ({
    SUPERLIKE_PRICE: { value: String(stage.superlikePrice), for: everyone },
    MESSAGE_DAYS: { value: String(stage.messageDays), for: everyone },
    RESERVED_USERNAMES: {
      value: stage.reservedUsernames.join(),
      // Functions that may be the first to see a user.
      for: ofKind("endpoint", "authorizer", "socket", "command", "receiver", "relay"),
    },
    NAME_CHANGES_PER_DAY: { value: String(stage.nameChangesPerDay), for: ofKind("endpoint") },
    LIVE_STREAMS_PER_USER: { value: String(stage.liveStreamsPerUser), for: ofKind("endpoint") },
    DEFAULT_PICTURE: { value: stage.defaultPicture, for: everyone },
    DEFAULT_THUMBNAIL: { value: stage.defaultThumbnail, for: everyone },
    GIFTS_PER_SECOND: { value: String(stage.giftsPerSecond), for: everyone },
    REQUESTS_PER_SECOND: { value: String(stage.requestsPerSecond), for: everyone },
    RATES: {
      value: ratesText(stage),
      for: (contract) =>
        ofKind("endpoint", "socket", "relay")(contract) || readsQueue("fetches")(contract),
    },
    SPEND_LIMIT: { value: String(stage.spendLimit), for: everyone },
    PURCHASES: { value: stage.purchases ? "on" : "off", for: ofKind("endpoint") },
  }) satisfies Partial<Record<SettingName, Setting>>;

/** The URL of each queue, for those that send to it or read it. */
function queueUrlsOf({ queueUrls }: Partial<DeployedValues>) {
  const urlOf = (queue: QueueName): Setting => ({
    value: queueUrls?.[queue],
    for: toQueue(queue),
  });
  return {
    COMBOS_QUEUE_URL: urlOf("combos"),
    DELIVERIES_QUEUE_URL: urlOf("deliveries"),
    ENDINGS_QUEUE_URL: urlOf("endings"),
    ERASURES_QUEUE_URL: urlOf("erasures"),
    MOMENTS_QUEUE_URL: urlOf("moments"),
    NOTICES_QUEUE_URL: urlOf("notices"),
    NOTIFICATIONS_QUEUE_URL: urlOf("notifications"),
    FETCHES_QUEUE_URL: urlOf("fetches"),
    PLANS_QUEUE_URL: urlOf("plans"),
    POSTS_QUEUE_URL: urlOf("posts"),
    RESUMES_QUEUE_URL: urlOf("resumes"),
    RETRIES_QUEUE_URL: urlOf("retries"),
    REVERSALS_QUEUE_URL: urlOf("reversals"),
    ROOMS_QUEUE_URL: urlOf("rooms"),
    SUMS_QUEUE_URL: urlOf("sums"),
    USERS_QUEUE_URL: urlOf("users"),
  } satisfies Partial<Record<SettingName, Setting>>;
}

/** The relay's settings for functions that count viewers or return the address for sockets. */
const relayOf = (stage: Stage) =>
  ({
    RELAY_URL: { value: relayUrlOf(stage), for: withRelay(stage) },
    RELAY_FROM_VIEWERS: { value: String(stage.relay?.fromViewers), for: withRelay(stage) },
  }) satisfies Partial<Record<SettingName, Setting>>;

const withRelay = (stage: Stage) => (contract: AnyContract) =>
  stage.relay !== undefined && ofKind("endpoint", "socket", "consumer", "relay")(contract);

/**
 * Each setting of platform/runtime/env.ts: its value, and the functions that get it. The compiler
 * rejects a missing one.
 */
function settingsOf(stage: Stage, values: Partial<DeployedValues>) {
  return {
    STAGE: { value: stage.name, for: () => true },
    TABLE_NAME: { value: values.tableName, for: everyone },
    ORIGINS: {
      value: stage.origins.join(),
      for: (contract) =>
        ofKind("endpoint", "command", "receiver", "download")(contract) ||
        judgesHandshakes(contract),
    },
    ...rulesOf(stage),
    ISSUER: { value: values.issuer, for: asksIssuer },
    AUDIENCE: { value: values.audience, for: asksIssuer },
    JWKS_URI: { value: values.jwksUri, for: judges },
    GROUPS_CLAIM: { value: stage.groupsClaim, for: asksIssuer },
    SUBJECT_CLAIM: { value: stage.subjectClaim, for: judges },
    ROLE_SCOPES: { value: pairsText(stage.roleScopes), for: judges },
    WS_ENDPOINT: {
      value: values.socketEndpoint,
      for: (contract) =>
        toSockets(contract) || (stage.domain === undefined && describesSockets(contract)),
    },
    OTHER_APIS: {
      value: values.otherApis && pairsText(values.otherApis),
      for: describesOthers,
    },
    SOCKETS_PER_USER: {
      value: String(stage.socketsPerUser),
      for: ofKind("socket", "authorizer", "relay"),
    },
    ...queueUrlsOf(values),
    POST_RATE: { value: String(stage.postRate), for: toSockets },
    RESUME_FRAMES_PER_SECOND: {
      value: String(stage.resumeFramesPerSecond),
      for: (contract) => readsQueue("resumes")(contract) || contract.kind === "relay",
    },
    ...relayOf(stage),
    LARGE_ROOM_VIEWERS: { value: String(stage.largeRoomViewers), for: ofKind("consumer") },
    PART_VIEWERS: { value: String(stage.partViewers), for: givesParts },
    POST_PART_FUNCTION: { value: functionName(stage.name, postSlice), for: givesParts },
    TENCENT_SDK_APP_ID: {
      value: String(stage.tencent.sdkAppId),
      for: (contract) =>
        ofKind("command", "receiver")(contract) || readsQueue("deliveries")(contract),
    },
    TENCENT_ADMINISTRATORS: { value: stage.tencent.administrators.join(), for: ofKind("command") },
    TENCENT_SECRET_ARN: {
      value: values.tencentSecretArn,
      for: ({ grants }) => grants.tencentSecret === true,
    },
    PICTURES_BUCKET: {
      value: values.picturesBucket,
      for: ({ grants }) => grants.pictures !== undefined,
    },
    PICTURES_URL: {
      value: values.picturesUrl,
      for: ({ grants }) => grants.pictures?.includes("write") ?? false,
    },
    PUBLIC_URL: {
      value: stage.domain && originOf(stage.domain),
      for: (contract) => stage.domain !== undefined && describes(contract),
    },
    CALLBACK_SECRET_ARN: {
      value: values.callbackSecretArn,
      for: ({ grants }) => grants.callbackSecret === true,
    },
  } satisfies Record<Exclude<SettingName, Machine>, Setting>;
}

function missing(name: string, { summary }: AnyContract): never {
  throw new Error(`"${summary}" needs the setting ${name}, which its stack does not have`);
}

/**
 * The environment of one function: common settings and those that its contract requires. Throws if
 * its stack has no value for one.
 */
export function environmentOf(
  contract: AnyContract,
  stage: Stage,
  values: Partial<DeployedValues>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, setting] of Object.entries<Setting>(settingsOf(stage, values)))
    if (setting.for(contract)) environment[name] = setting.value ?? missing(name, contract);
  return environment;
}

/** The stage's issuer as far as a function knows it: its template has parameters for it. */
export function issuerKnownTo(contract: AnyContract, { issuer }: Stage): unknown[] {
  if (!asksIssuer(contract)) return [];
  if (issuer === undefined) return ["pool"];
  return [issuer.issuer, issuer.audience, ...(judges(contract) ? [issuer.jwks] : [])];
}
