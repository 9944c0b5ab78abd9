import { Duration, type Stack } from "aws-cdk-lib";
import {
  DeduplicationScope,
  FifoThroughputLimit,
  Queue,
  QueueEncryption,
} from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { defaults, type QueueName, queueNames } from "../../platform/lambda/grants.ts";
import { rowsOf } from "../stages/route-table.ts";

/**
 * Attempts for one message before it is moved to the dead-letter queue: three soon after the first
 * (`retrySeconds` in platform/lambda/consumer.ts), then four after the visibility timeout.
 */
const receiveCountMax = 8;

/**
 * Days for which messages are kept. Dead letters contain only ids and are kept as long as SQS
 * allows; those with texts and names are kept as long as other copies (`failuresKeptDays`).
 */
const keptDays = { live: 4, dead: 14, deadWithTexts: 7 };

/** Queues whose messages contain content; all others contain only ids. */
const withTexts: readonly QueueName[] = ["deliveries"];

/** The queues of a stage: those that keep an order are FIFO, with a group for each stream. */
const keepsOrder = {
  combos: false,
  deliveries: true,
  endings: false,
  erasures: false,
  fetches: false,
  moments: false,
  notices: false,
  notifications: false,
  plans: false,
  posts: true,
  resumes: false,
  retries: false,
  rooms: true,
  reversals: false,
  sums: false,
  users: false,
} satisfies Record<QueueName, boolean>;

/** Each queue of a stage. */
type QueueConstructs = Record<QueueName, Queue>;

/** Each queue for other stacks: by name, since an export could never be removed. */
export type Queues = Record<QueueName, { queueName: string; queueArn: string; queueUrl: string }>;

/** Builds a value for each queue, by name. */
export const forEachQueue = <T>(make: (name: QueueName) => T): Record<QueueName, T> =>
  Object.fromEntries(queueNames.map((name) => [name, make(name)])) as Record<QueueName, T>;

/** The queues, each with its dead-letter queue. */
export function addQueues(
  scope: Construct,
  stage: string,
): { live: QueueConstructs; dead: QueueConstructs } {
  const dead = forEachQueue((name) => addQueue(scope, stage, name));
  return { live: forEachQueue((name) => addQueue(scope, stage, name, dead[name])), dead };
}

function addQueue(scope: Construct, stage: string, name: QueueName, dead?: Queue): Queue {
  const isDead = dead === undefined;
  const fifo = keepsOrder[name];
  const ordered = {
    fifo,
    deduplicationScope: DeduplicationScope.MESSAGE_GROUP,
    fifoThroughputLimit: FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
  };
  return new Queue(scope, idOf(name, isDead), {
    queueName: nameOf(stage, name, isDead),
    ...(fifo && ordered),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(visibilitySeconds(name)),
    retentionPeriod: Duration.days(dead === undefined ? deadDays(name) : keptDays.live),
    ...(dead && { deadLetterQueue: { queue: dead, maxReceiveCount: receiveCountMax } }),
  });
}

const idOf = (name: QueueName, isDead: boolean) => (isDead ? `${name}-dead` : name);

const nameOf = (stage: string, name: QueueName, isDead: boolean) =>
  `ovation-${stage}-${idOf(name, isDead)}${keepsOrder[name] ? ".fifo" : ""}`;

/** The queues of a stage, or their dead-letter queues, without a reference to their stack. */
export const queuesOf = (stack: Stack, stage: string, isDead: boolean): Queues =>
  forEachQueue((name) => {
    const queueName = nameOf(stage, name, isDead);
    return {
      queueName,
      queueArn: stack.formatArn({ service: "sqs", resource: queueName }),
      queueUrl: `https://sqs.${stack.region}.${stack.urlSuffix}/${stack.account}/${queueName}`,
    };
  });

const deadDays = (name: QueueName) =>
  withTexts.includes(name) ? keptDays.deadWithTexts : keptDays.dead;

/** How much longer a message of a FIFO queue stays invisible than its reader may run. */
const orderedMarginSeconds = 15;

/**
 * The visibility timeout of messages: six times their reader's timeout, as AWS advises. A failed
 * message of a FIFO queue blocks its group (in `posts`, a room without updates), so there it is
 * redelivered as soon as its reader must have ended, which AWS also allows.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const visibilitySeconds = (queue: QueueName) =>
  keepsOrder[queue] ? readerSeconds(queue) + orderedMarginSeconds : 6 * readerSeconds(queue);

/** The timeout of the function that reads a queue. */
function readerSeconds(queue: QueueName): number {
  const readers = rowsOf("consumer").filter(
    ({ contract: { on } }) => "queue" in on && on.queue === queue,
  );
  const seconds = readers.map(({ contract }) => contract.timeoutSeconds ?? defaults.timeoutSeconds);
  return Math.max(defaults.timeoutSeconds, ...seconds);
}
