import { certificateArn, type Domain, relayHostOf } from "./domain.ts";

/** The relay of a stage: its number of tasks, and the rooms that it serves. */
export type RelaySettings = {
  /** The least tasks: with two, half of the viewers are not affected when one ends. */
  minTasks: number;
  maxTasks: number;
  /** The number of viewers from which it serves a room. */
  fromViewers: number;
  /**
   * ARN of a certificate for `relay.` and the domain's name, in the stage's own region: CloudFront
   * uses one of another region. It is created if the domain has a hosted zone.
   */
  certificate?: string;
};

/** A task's CPU units, of 1,024 in one CPU: a task writes from one thread. */
export const cpuUnits = 1_024;

/**
 * The most megabytes of each half of the heap's young generation. With Node's 16, collections would
 * copy the objects of thousands of handshakes while these are in progress.
 */
export const semiSpaceMegabytes = 32;

/**
 * Sockets of a task: the target, and the number that triggers an alarm. If a task dies, the others
 * take its viewers within a second and a half at the target (docs/scale.md).
 */
export const socketsPerTask = { wanted: 6_000, many: 12_000 };

/**
 * The most tasks. The network has two addresses for each: during a deployment, those that replace
 * them have all started while the old ones, which stop within two minutes, still keep theirs.
 */
const tasksMax = 58;

/**
 * The most percent of its tasks that a service runs while they are replaced: few at a time, since
 * their viewers all reconnect, but at least one more than it needs.
 */
export const rollingPercent = ({ minTasks }: RelaySettings): number =>
  100 + Math.ceil(100 / Math.min(minTasks, 4));

/** The most CPUs that a relay's tasks use, including those that replace others. */
export const cpusOf = (relay: RelaySettings): number =>
  Math.floor((relay.maxTasks * rollingPercent(relay)) / 100) * (cpuUnits / 1_024);

type Relayed = {
  name: string;
  region?: string;
  domain?: Domain;
  relay?: RelaySettings;
  postRate?: number;
};

/** Why a stage's relay cannot be deployed, each reason with its fix. */
export function relayProblemsOf({ name, region, domain, relay }: Relayed) {
  if (relay === undefined) return [];
  const problems: { says: string; fix: string }[] = [];
  const { minTasks, maxTasks, fromViewers, certificate } = relay;
  if (domain === undefined)
    problems.push({
      says: `${name}: relay needs a domain, since there is no TLS without a name`,
      fix: "Name a `domain` in lib/stages/stages.ts, or leave `relay` out",
    });
  else if (certificate === undefined && domain.zone === undefined)
    problems.push({
      says: `${name}: relay has no certificate for ${relayHostOf(domain)}, and no hosted zone to validate one in`,
      fix: "Name `relay.certificate`, of the stage's region, or the domain's hosted zone",
    });
  const of = certificateArn.exec(certificate ?? "");
  if (certificate !== undefined && (of === null || (region !== undefined && of[1] !== region)))
    problems.push({
      says: `relay.certificate is from ${of?.[1] ?? "no region"}, but the load balancer needs one from ${region ?? "its region"}`,
      fix: "Request or import one there, or set only the domain's hosted zone",
    });
  const isCount = (count: number) => Number.isInteger(count) && count >= 1 && count <= tasksMax;
  if (!isCount(minTasks) || !isCount(maxTasks) || minTasks > maxTasks)
    problems.push({
      says: `${name}: relay has ${minTasks} to ${maxTasks} tasks`,
      fix: `Set minTasks and maxTasks from 1 to ${tasksMax}, with minTasks no larger than maxTasks`,
    });
  if (!Number.isInteger(fromViewers) || fromViewers < 0)
    problems.push({
      says: `${name}: relay.fromViewers is ${fromViewers}`,
      fix: "Viewers, such as 2000; 0 for every room",
    });
  return problems;
}
