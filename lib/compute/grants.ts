import type { Grants, QueueName, TaskName } from "../../platform/lambda/grants.ts";
import { dueIndex, type Partition } from "../../platform/table/keys.ts";

/** One statement of a policy as IAM spells it. */
export type Statement = {
  Effect: "Allow";
  Action: readonly string[];
  Resource: string;
  Condition?: Record<string, Record<string, readonly string[]>>;
};

/** The ARNs that grants can refer to; a grant without its ARN here is an error. */
export type Resources = {
  tableArn: string;
  queueArns?: Record<QueueName, string>;
  /** `…:api/stage` of the WebSocket API. */
  socketApiArn?: string;
  tencentSecretArn?: string;
  callbackSecretArn?: string;
  picturesArn?: string;
  taskArns?: Record<TaskName, string>;
};

const reading = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
const putting = ["dynamodb:PutItem"];
// A batch puts and deletes, so it requires the right to do both separately.
const changing = [
  "dynamodb:UpdateItem",
  "dynamodb:DeleteItem",
  "dynamodb:ConditionCheckItem",
  "dynamodb:BatchWriteItem",
];

/**
 * How the bucket of pictures is used: the actions, and the paths below its ARN. Readers may list
 * it, because otherwise S3 answers that access is denied if an object is missing.
 */
const pictureActions = {
  read: [
    ["s3:ListBucket", ""],
    ["s3:GetObject", "/*"],
  ],
  write: [["s3:PutObject", "/*"]],
  sweep: [
    ["s3:ListBucket", ""],
    ["s3:DeleteObject", "/*"],
  ],
} as const;

/**
 * Adds what a stage's relay requires of other functions: those that post to connections write
 * messages for it, the routes of sockets look up where a stream is served and issue tickets, and
 * others show its URL.
 */
export function withRelay(
  { kind, grants }: { kind: string; grants: Grants },
  { relay }: { relay?: unknown },
): Grants {
  if (relay === undefined) return grants;
  const { read = [], write = [] } = grants;
  if (grants.relays) return { ...grants, read: [...read, "MAIL"] };
  if (grants.connections !== true) return grants;
  const tickets = kind === "socket" ? (["TICKET"] as const) : [];
  return {
    ...grants,
    read: [...new Set([...read, "MAIL" as const])],
    write: [...new Set([...write, "MAIL" as const, ...tickets])],
  };
}

/** Read by every function before its first call to the table. */
const layout = "LAYOUT";

/** The catalogue and the layout are single partitions; every other kind has several. */
const leadingKey = (partition: Partition | typeof layout) =>
  partition === "CATALOGUE" || partition === layout ? partition : `${partition}#*`;

/**
 * The statements of a role: a contract's grants, and reading the layout, which every function with
 * the table does first. `dynamodb:LeadingKeys` restricts them to partitions. Ledger entries may be
 * put, but no function may change them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function statementsOf(grants: Grants, resources: Resources): Statement[] {
  const onTable = (
    Action: readonly string[],
    partitions: readonly (Partition | typeof layout)[],
  ): Statement[] => {
    const keys = { "dynamodb:LeadingKeys": partitions.map(leadingKey) };
    const Condition = { "ForAllValues:StringLike": keys };
    const statement = { Effect: "Allow" as const, Action, Resource: resources.tableArn, Condition };
    return partitions.length === 0 ? [] : [statement];
  };
  const allow = (Action: string, Resource: string | undefined): Statement => {
    if (Resource === undefined) throw new Error(`${Action} is granted without its resource`);
    return { Effect: "Allow", Action: [Action], Resource };
  };
  const { read = [], write = [], queues = [], tasks = [] } = grants;
  // Functions that query only the index read the layout too.
  const isOnTable = read.length + write.length > 0 || grants.dueIndex || grants.dueScan;
  const changed = write.filter((partition) => partition !== "LEDGER");
  // A transaction puts an entry together with other items. Whether AWS evaluates each of them or
  // all their keys together is not documented, so one statement covers all permitted puts.
  const onWritten =
    changed.length === write.length
      ? onTable([...putting, ...changing], write)
      : [...onTable(putting, write), ...onTable(changing, changed)];
  const statements = [
    ...(isOnTable ? onTable(reading, [...read, layout]) : []),
    ...onWritten,
    ...queues.map((queue) => allow("sqs:SendMessage", resources.queueArns?.[queue])),
    ...tasks.map((name) => allow("lambda:InvokeFunction", resources.taskArns?.[name])),
  ];
  if (grants.dueIndex)
    statements.push(allow("dynamodb:Query", `${resources.tableArn}/index/${dueIndex.name}`));
  if (grants.dueScan)
    statements.push(allow("dynamodb:Scan", `${resources.tableArn}/index/${dueIndex.name}`));
  if (grants.connections) {
    const { socketApiArn } = resources;
    const connections = socketApiArn && `${socketApiArn}/*/@connections/*`;
    statements.push(allow("execute-api:ManageConnections", connections));
  }
  if (grants.tencentSecret)
    statements.push(allow("secretsmanager:GetSecretValue", resources.tencentSecretArn));
  for (const use of grants.pictures ?? [])
    for (const [action, below] of pictureActions[use])
      statements.push(allow(action, resources.picturesArn && `${resources.picturesArn}${below}`));
  if (grants.callbackSecret)
    statements.push(allow("secretsmanager:GetSecretValue", resources.callbackSecretArn));
  return statements;
}
