import { dueIndex } from "../../platform/table/keys.ts";
import type { Queues } from "../data/queues.ts";
import {
  apiName,
  backupCopyOf,
  functionName,
  hostFirewallName,
  relayNames,
  vaultName,
} from "../stages/names.ts";
import { rowsOf } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";

/** The subjects of alarms, by names and ids that are known when the stacks are created. */
export type Watched = {
  stage: Stage;
  tableName: string;
  queues: Queues;
  deadLetters: Queues;
  socketApiId: string;
  /** Ids of the mappings that read the table's stream, by function. */
  streamMappings: Record<string, string>;
  /** CloudFront's id of the distribution of the stage's domain. */
  distributionId?: string;
};

/** Subjects of a kind of alarm, each with the dimensions of its metric. */
export type Subjects = Record<string, Record<string, string>>;

const named = (stage: Stage, names: readonly string[]): Subjects =>
  Object.fromEntries(names.map((name) => [name, { FunctionName: functionName(stage.name, name) }]));

/** Readers of the table's stream. */
export const readers = ({ stage, streamMappings }: Watched) =>
  named(stage, Object.keys(streamMappings));

/** The mappings that read the table's stream, whose metrics do not name the function. */
export const mappings = ({ streamMappings }: Watched): Subjects =>
  Object.fromEntries(
    Object.entries(streamMappings).map(([name, id]) => [name, { EventSourceMappingUUID: id }]),
  );

/** Queues by name. */
export const queuesOf = (queues: Queues): Subjects =>
  Object.fromEntries(
    Object.entries(queues).map(([name, { queueName }]) => [name, { QueueName: queueName }]),
  );

/** The REST APIs that answer failures with 5xx: Tencent's answer 200. */
export const apisWith5xx = ({ stage }: Watched): Subjects =>
  Object.fromEntries(
    ["http", "pictures"].map((name) => [name, { ApiName: apiName(stage.name, name) }]),
  );

/** The table and its index. */
export const tables = ({ tableName: TableName }: Watched): Subjects => ({
  table: { TableName },
  index: { TableName, GlobalSecondaryIndexName: dueIndex.name },
});

/** The distribution of the stage's domain; nothing without one. */
export const distribution = ({ distributionId: DistributionId }: Watched): Subjects =>
  DistributionId === undefined ? {} : { domain: { DistributionId, Region: "Global" } };

/** The firewall in front of the domain, by its name in metrics; all its rules together. */
export const hostFirewall = ({ stage }: Watched): Subjects =>
  stage.domain === undefined || !stage.firewall
    ? {}
    : { firewall: { WebACL: hostFirewallName(stage.name), Rule: "ALL" } };

/** A deployed relay, by our own metrics of the stage; nothing without one. */
export const relays = ({ stage: { relay, domain } }: Watched): Subjects =>
  relay === undefined || domain === undefined ? {} : { relay: {} };

/** All tasks of a deployed relay, by AWS's metrics; nothing without a relay. */
export const relayTasks = (watched: Watched): Subjects => {
  const { cluster: ClusterName, service: ServiceName } = relayNames(watched.stage.name);
  return Object.fromEntries(
    Object.keys(relays(watched)).map((name) => [name, { ClusterName, ServiceName }]),
  );
};

/** The stage's vault, if it has backups. */
export const vaults = ({ stage }: Watched): Subjects =>
  stage.keepData ? { vault: { BackupVaultName: vaultName(stage) } } : {};

/** Copies of backups, if the stage makes any: AWS counts them by the target vault. */
export function copiedBackups({ stage }: Watched): Subjects {
  const copy = backupCopyOf(stage);
  return typeof copy === "object" ? { copies: { BackupVaultName: copy.name } } : {};
}

/** Functions without a waiting caller, whose errors nobody else would notice. */
export const functionsWithoutCaller = ({ stage }: Watched) =>
  named(
    stage,
    [...rowsOf("consumer"), ...rowsOf("task")].map(({ name }) => name),
  );

/** Functions that must not be throttled, or that may exceed their own reservation. */
export const functionsWatchedForThrottles = ({ stage, streamMappings }: Watched) => {
  const authorizers = rowsOf("authorizer").map(({ name }) => name);
  const reserved = Object.keys(stage.reservedConcurrency);
  return named(stage, [...new Set([...authorizers, ...Object.keys(streamMappings), ...reserved])]);
};
