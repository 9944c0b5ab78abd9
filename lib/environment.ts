import type { SettingName } from "../platform/env.ts";
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
  momentsQueueUrl: string;
  postsQueueUrl: string;
  tencentSecretArn: string;
};

type Setting = { value: string; for: (contract: AnyContract) => boolean };

const everyone = () => true;
const ofKind =
  (...kinds: AnyContract["kind"][]) =>
  (contract: AnyContract) =>
    kinds.includes(contract.kind);
const toSockets = ({ kind, grants }: AnyContract) =>
  kind === "socket" || grants.connections === true;
const toQueue = (queue: "moments" | "posts") => (contract: AnyContract) =>
  (contract.grants.queues ?? []).includes(queue) ||
  (contract.kind === "reaction" && "queue" in contract.on && contract.on.queue === queue);

/** Every setting of platform/env.ts with its value and who is given it: a missing one does not compile. */
function settingsOf(stage: Stage, places: Partial<Places>) {
  const later = (name: keyof Places) => places[name] ?? `(not in this stack: ${name})`;
  return {
    STAGE: { value: stage.name, for: everyone },
    TABLE_NAME: { value: later("tableName"), for: everyone },
    ORIGINS: { value: stage.origins.join(), for: ofKind("endpoint", "command") },
    SUPERLIKE_PRICE: { value: String(stage.superlikePrice), for: everyone },
    DEFAULT_PICTURE: { value: stage.defaultPicture, for: everyone },
    DEFAULT_THUMBNAIL: { value: stage.defaultThumbnail, for: everyone },
    GIFTS_PER_SECOND: { value: String(stage.giftsPerSecond), for: everyone },
    REQUESTS_PER_SECOND: { value: String(stage.requestsPerSecond), for: everyone },
    SPEND_LIMIT: { value: String(stage.spendLimit), for: everyone },
    PURCHASES: { value: stage.purchases ? "on" : "off", for: ofKind("endpoint") },
    ISSUER: { value: later("issuer"), for: ofKind("guard") },
    AUDIENCE: { value: later("audience"), for: ofKind("guard") },
    JWKS_URI: { value: later("jwksUri"), for: ofKind("guard") },
    GROUPS_CLAIM: { value: stage.groupsClaim, for: ofKind("guard") },
    WS_ENDPOINT: { value: later("socketEndpoint"), for: toSockets },
    SOCKETS_PER_USER: { value: String(stage.socketsPerUser), for: ofKind("socket", "guard") },
    SOCKET_MESSAGES_PER_SECOND: {
      value: String(stage.socketMessagesPerSecond),
      for: ofKind("socket"),
    },
    POST_RATE: { value: String(stage.postRate), for: toSockets },
    MOMENTS_QUEUE_URL: { value: later("momentsQueueUrl"), for: toQueue("moments") },
    POSTS_QUEUE_URL: { value: later("postsQueueUrl"), for: toQueue("posts") },
    LARGE_ROOM_VIEWERS: { value: String(stage.largeRoomViewers), for: ofKind("reaction") },
    TENCENT_SDK_APP_ID: { value: String(stage.tencent.sdkAppId), for: ofKind("command") },
    TENCENT_ADMINISTRATORS: { value: stage.tencent.administrators.join(), for: ofKind("command") },
    TENCENT_SECRET_ARN: {
      value: later("tencentSecretArn"),
      for: ({ grants }) => grants.tencentSecret === true,
    },
  } satisfies Record<Exclude<SettingName, Machine>, Setting>;
}

/** The environment of one function: what everyone needs and what its contract makes it need. */
export function environmentOf(
  contract: AnyContract,
  stage: Stage,
  places: Partial<Places>,
): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, setting] of Object.entries<Setting>(settingsOf(stage, places)))
    if (setting.for(contract)) environment[name] = setting.value;
  return environment;
}
