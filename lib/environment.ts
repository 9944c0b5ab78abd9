import type { SettingName } from "../platform/env.ts";
import type { QueueName, TaskName } from "../platform/grants.ts";
import { originOf } from "./domain.ts";
import { functionName } from "./names.ts";
import type { AnyContract } from "./route-table.ts";
import type { Stage } from "./stages.ts";

/** Settings that the machine gives, not the stage. */
type Machine = "AWS_ENDPOINT_URL" | "LOCAL";

/** Values that are known only when the stacks are deployed. */
export type Places = {
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
};

type Setting = { value: string | undefined; for: (contract: AnyContract) => boolean };

/** Whoever serves callers or does work for them; a user pool's trigger does neither. */
const everyone = ({ kind }: AnyContract) => kind !== "trigger";
const ofKind =
  (...kinds: AnyContract["kind"][]) =>
  (contract: AnyContract) =>
    kinds.includes(contract.kind);
const asksIssuer = ({ kind, grants }: AnyContract) =>
  kind === "authorizer" || grants.issuer === true;
const toSockets = ({ kind, grants }: AnyContract) =>
  kind === "socket" || grants.connections === true;
const readsQueue = (queue: QueueName) => (contract: AnyContract) =>
  contract.kind === "reaction" && "queue" in contract.on && contract.on.queue === queue;
const toQueue = (queue: QueueName) => (contract: AnyContract) =>
  (contract.grants.queues ?? []).includes(queue) || readsQueue(queue)(contract);

const judgesHandshakes = (contract: AnyContract) =>
  contract.kind === "authorizer" && contract.api === "socket";

const postSlice: TaskName = "realtime/post-part";
const givesParts = ({ grants }: AnyContract) => grants.tasks?.includes(postSlice) ?? false;

/** Whoever answers a description of an API, which says where that is. */
const describes = (contract: AnyContract) =>
  contract.kind === "endpoint" && contract.route.endsWith(".json");

/** Which of the two has to know the address of the sockets. */
const describesSockets = (contract: AnyContract) =>
  contract.kind === "endpoint" && contract.route === "GET /asyncapi.json";

/** Short, since all settings of a function together may have 4 KB. */
const ratesText = ({ rates }: Stage) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(rates).map(([kind, { perSecond, burst }]) => [kind, [perSecond, burst]]),
    ),
  );

const scopesText = ({ roleScopes }: Stage) =>
  Object.entries(roleScopes)
    .map(([role, scope]) => `${role}=${scope}`)
    .join();

/** What a stage allows, asks and shows, whoever is called. */
const rulesOf = (stage: Stage) =>
  ({
    SUPERLIKE_PRICE: { value: String(stage.superlikePrice), for: everyone },
    MESSAGE_DAYS: { value: String(stage.messageDays), for: everyone },
    RESERVED_USERNAMES: {
      value: stage.reservedUsernames.join(),
      for: ofKind("endpoint", "authorizer"),
    },
    NAME_CHANGES_PER_DAY: { value: String(stage.nameChangesPerDay), for: ofKind("endpoint") },
    LIVE_STREAMS_PER_USER: { value: String(stage.liveStreamsPerUser), for: ofKind("endpoint") },
    DEFAULT_PICTURE: { value: stage.defaultPicture, for: everyone },
    DEFAULT_THUMBNAIL: { value: stage.defaultThumbnail, for: everyone },
    GIFTS_PER_SECOND: { value: String(stage.giftsPerSecond), for: everyone },
    REQUESTS_PER_SECOND: { value: String(stage.requestsPerSecond), for: everyone },
    RATES: { value: ratesText(stage), for: ofKind("endpoint", "socket") },
    SPEND_LIMIT: { value: String(stage.spendLimit), for: everyone },
    PURCHASES: { value: stage.purchases ? "on" : "off", for: ofKind("endpoint") },
  }) satisfies Partial<Record<SettingName, Setting>>;

/** Every setting of platform/env.ts: its value and who gets it. A missing one does not compile. */
function settingsOf(stage: Stage, places: Partial<Places>) {
  return {
    STAGE: { value: stage.name, for: () => true },
    TABLE_NAME: { value: places.tableName, for: everyone },
    ORIGINS: {
      value: stage.origins.join(),
      for: (contract) =>
        ofKind("endpoint", "command", "receiver", "download")(contract) ||
        judgesHandshakes(contract),
    },
    ...rulesOf(stage),
    ISSUER: { value: places.issuer, for: asksIssuer },
    AUDIENCE: { value: places.audience, for: asksIssuer },
    JWKS_URI: { value: places.jwksUri, for: ofKind("authorizer") },
    GROUPS_CLAIM: { value: stage.groupsClaim, for: asksIssuer },
    SUBJECT_CLAIM: { value: stage.subjectClaim, for: ofKind("authorizer") },
    ROLE_SCOPES: { value: scopesText(stage), for: ofKind("authorizer") },
    WS_ENDPOINT: {
      value: places.socketEndpoint,
      for: (contract) =>
        toSockets(contract) || (stage.domain === undefined && describesSockets(contract)),
    },
    SOCKETS_PER_USER: { value: String(stage.socketsPerUser), for: ofKind("socket", "authorizer") },
    POST_RATE: { value: String(stage.postRate), for: toSockets },
    COMBOS_QUEUE_URL: { value: places.queueUrls?.combos, for: toQueue("combos") },
    DELIVERIES_QUEUE_URL: { value: places.queueUrls?.deliveries, for: toQueue("deliveries") },
    ERASURES_QUEUE_URL: { value: places.queueUrls?.erasures, for: toQueue("erasures") },
    MOMENTS_QUEUE_URL: { value: places.queueUrls?.moments, for: toQueue("moments") },
    NOTICES_QUEUE_URL: { value: places.queueUrls?.notices, for: toQueue("notices") },
    NOTIFICATIONS_QUEUE_URL: {
      value: places.queueUrls?.notifications,
      for: toQueue("notifications"),
    },
    POSTS_QUEUE_URL: { value: places.queueUrls?.posts, for: toQueue("posts") },
    RESUMES_QUEUE_URL: { value: places.queueUrls?.resumes, for: toQueue("resumes") },
    RETRIES_QUEUE_URL: { value: places.queueUrls?.retries, for: toQueue("retries") },
    ROOMS_QUEUE_URL: { value: places.queueUrls?.rooms, for: toQueue("rooms") },
    REVERSALS_QUEUE_URL: { value: places.queueUrls?.reversals, for: toQueue("reversals") },
    USERS_QUEUE_URL: { value: places.queueUrls?.users, for: toQueue("users") },
    RESUME_FRAMES_PER_SECOND: {
      value: String(stage.resumeFramesPerSecond),
      for: readsQueue("resumes"),
    },
    LARGE_ROOM_VIEWERS: { value: String(stage.largeRoomViewers), for: ofKind("reaction") },
    PART_VIEWERS: { value: String(stage.partViewers), for: givesParts },
    POST_PART_FUNCTION: { value: functionName(stage.name, postSlice), for: givesParts },
    TENCENT_SDK_APP_ID: {
      value: String(stage.tencent.sdkAppId),
      for: (contract) =>
        ofKind("command", "receiver")(contract) || readsQueue("deliveries")(contract),
    },
    TENCENT_ADMINISTRATORS: { value: stage.tencent.administrators.join(), for: ofKind("command") },
    TENCENT_SECRET_ARN: {
      value: places.tencentSecretArn,
      for: ({ grants }) => grants.tencentSecret === true,
    },
    PICTURES_BUCKET: {
      value: places.picturesBucket,
      for: ({ grants }) => grants.pictures !== undefined,
    },
    PICTURES_URL: {
      value: places.picturesUrl,
      for: ({ grants }) => grants.pictures?.includes("write") ?? false,
    },
    PUBLIC_URL: {
      value: stage.domain && originOf(stage.domain),
      for: (contract) => stage.domain !== undefined && describes(contract),
    },
    CALLBACK_SECRET_ARN: {
      value: places.callbackSecretArn,
      for: ({ grants }) => grants.callbackSecret === true,
    },
  } satisfies Record<Exclude<SettingName, Machine>, Setting>;
}

function missing(name: string, { says }: AnyContract): never {
  throw new Error(`"${says}" needs the setting ${name}, which its stack does not have`);
}

/**
 * The environment of one function: what everyone needs and what its contract makes it need. Throws
 * when its stack has no value for that.
 */
export function environmentOf(
  contract: AnyContract,
  stage: Stage,
  places: Partial<Places>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, setting] of Object.entries<Setting>(settingsOf(stage, places)))
    if (setting.for(contract)) environment[name] = setting.value ?? missing(name, contract);
  return environment;
}
