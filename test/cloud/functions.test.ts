import { describe, expect, test } from "@jest/globals";
import { functionName } from "../../lib/stages/names.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import { reservedOf } from "../../lib/stages/stage-limits.ts";
import { stageNamed, stageOf } from "../../lib/stages/stages.ts";
import { prodLimits } from "../bench/scale/executions.ts";
import { flat, functionsOf, resourcesOf, synthesize, templatesOf } from "./templates.ts";

const kinds = [
  ...(["endpoint", "command", "receiver", "download"] as const),
  ...(["authorizer", "consumer", "socket", "task", "trigger"] as const),
];
const rows = kinds.flatMap((kind) => [...rowsOf(kind)] as { name: string; contract: Contract }[]);
type Contract = {
  kind: string;
  stage?: string;
  timeoutSeconds?: number;
  memoryMegabytes?: number;
  grants: {
    read?: readonly string[];
    write?: readonly string[];
    connections?: true;
    dueIndex?: true;
    dueScan?: true;
    queues?: readonly string[];
    pictures?: readonly ("read" | "write" | "sweep")[];
    tencentSecret?: true;
    callbackSecret?: true;
    tasks?: readonly string[];
  };
  on?: { queue?: string };
};

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the functions of %s", (stage) => {
  const templates = all[stage];
  const functions = functionsOf(templates);

  test("are one for each row of the route table that the stage has", () => {
    const wanted = rows.filter(({ contract }) => stage === "dev" || contract.stage === undefined);
    expect([...functions.keys()].sort()).toEqual(
      wanted.map(({ name }) => functionName(stage, name)).sort(),
    );
  });

  test("run on Node 24 and arm64, from a bundle, with a log that expires", () => {
    for (const { properties } of functions.values()) {
      expect(properties).toMatchObject({
        Runtime: "nodejs24.x",
        Architectures: ["arm64"],
        Handler: "index.handler",
        LoggingConfig: { LogFormat: "JSON" },
      });
      expect(properties.LoggingConfig.LogGroup).toBeDefined();
    }
    for (const { Properties } of resourcesOf(templates, "AWS::Logs::LogGroup"))
      expect(Properties.RetentionInDays).toBe(stage === "dev" ? 7 : 90);
  });

  test("describe the sockets at the address of their own API, and know no other host name", () => {
    const { properties } = functions.get(functionName(stage, "app/asyncapi"))!;
    const { WS_ENDPOINT, PUBLIC_URL } = properties.Environment.Variables;
    expect(JSON.stringify(WS_ENDPOINT)).toMatch(
      /^\{"Fn::Join":\["",\["https:\/\/",\{"Fn::ImportValue":"ovation-\w+-realtime.*execute-api/,
    );
    expect(PUBLIC_URL).toBeUndefined();
  });

  test("have a role each, and no managed policy", () => {
    const roles = [...functions.values()].map(({ properties }) => properties.Role["Fn::GetAtt"][0]);
    expect(new Set(roles).size).toBe(functions.size);
    for (const { Properties } of resourcesOf(templates, "AWS::IAM::Role"))
      expect(Properties.ManagedPolicyArns ?? []).toEqual([]);
  });

  test("may do exactly what their contracts grant", () => {
    for (const { name, contract } of rows) {
      const { role } = functions.get(functionName(stage, name)) ?? {};
      if (role === undefined) continue;
      const keysOf = (action: string) =>
        role
          .filter(({ Action }) => Action.includes(action))
          .flatMap(
            ({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"],
          )
          .map((key) => String(key).replace(/#\*$/, ""));
      const { read = [], write = [], dueIndex, dueScan } = contract.grants;
      // Functions that use the table or its index read the layout first.
      const isOnTable = read.length + write.length > 0 || dueIndex || dueScan;
      const looked = isOnTable ? [...read, "LAYOUT"] : [];
      const changed = write.filter((partition) => partition !== "LEDGER");
      expect([name, keysOf("dynamodb:GetItem").sort()]).toEqual([name, looked.sort()]);
      expect([name, keysOf("dynamodb:PutItem").sort()]).toEqual([name, [...write].sort()]);
      expect([name, keysOf("dynamodb:UpdateItem").sort()]).toEqual([name, [...changed].sort()]);
      expect([name, keysOf("dynamodb:DeleteItem").sort()]).toEqual([name, [...changed].sort()]);
      const batched = keysOf("dynamodb:BatchWriteItem").sort();
      expect([name, batched]).toEqual([name, [...changed].sort()]);
      const manages = role.some(({ Action }) => Action.includes("execute-api:ManageConnections"));
      expect([name, manages]).toEqual([name, contract.grants.connections === true]);
    }
  });

  /** The name of the function that a queue's mapping calls. */
  const calledBy = ({ FunctionName }: { FunctionName: { "Fn::GetAtt"?: string[] } }) =>
    templates.realtime![FunctionName["Fn::GetAtt"]?.[0] ?? ""]?.Properties.FunctionName as
      | string
      | undefined;

  test("call customers' URLs with rights only on their queues and their items", () => {
    const { role = [] } = functions.get(functionName(stage, "webhooks/deliver")) ?? {};
    const actions = new Set(role.flatMap(({ Action }) => Action));
    const services = new Set([...actions].map((action) => action.split(":")[0]));
    expect([...services].sort()).toEqual(["dynamodb", "logs", "sqs"]);
    const reaches = JSON.stringify(role);
    for (const other of ["STREAM#", "USER#", "WALLET#", "LEDGER#", "CONN#", "REPLAY#"])
      expect([other, reaches.includes(`"${other}`)]).toEqual([other, false]);
    const mapping = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").find(
      ({ Properties }) => calledBy(Properties) === functionName(stage, "webhooks/deliver"),
    );
    // Twenty webhooks and the Tencent side are as many message groups, with one message at a time.
    expect(mapping?.Properties).toMatchObject({
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 128 },
    });
  });

  test("send only to their contracts' queues, and use pictures and secrets only as granted", () => {
    const s3 = {
      read: ["s3:ListBucket", "s3:GetObject"],
      write: ["s3:PutObject"],
      sweep: ["s3:ListBucket", "s3:DeleteObject"],
    };
    for (const { name, contract } of rows) {
      const { role } = functions.get(functionName(stage, name)) ?? {};
      if (role === undefined) continue;
      const { queues = [], pictures = [], tencentSecret, callbackSecret } = contract.grants;
      const sends = role
        .filter(({ Action }) => Action.includes("sqs:SendMessage"))
        .flatMap(({ Resource }) => Resource)
        .map((arn) => /:ovation-\w+-([a-z]+)(\.fifo)?$/.exec(arn)?.[1] ?? arn);
      expect([name, sends.sort()]).toEqual([name, [...queues].sort()]);
      const actions = new Set(
        role
          // Readers of the stream store failed batches in another bucket.
          .filter(({ Resource }) => !Resource.some((arn) => arn.includes("failures")))
          .flatMap(({ Action }) => Action.filter((one) => one.startsWith("s3:"))),
      );
      expect([name, actions]).toEqual([name, new Set(pictures.flatMap((use) => s3[use]))]);
      const secrets = role.filter(({ Action }) => Action.includes("secretsmanager:GetSecretValue"));
      const granted = [tencentSecret, callbackSecret].filter(Boolean);
      expect([name, secrets.length]).toEqual([name, granted.length]);
    }
  });

  test("have the time that their contracts ask for", () => {
    for (const { name, contract } of rows) {
      const found = functions.get(functionName(stage, name))?.properties.Timeout;
      if (found !== undefined) expect([name, found]).toEqual([name, contract.timeoutSeconds ?? 10]);
    }
  });

  test("are called by a schedule once: its next call does what a failed one has left", () => {
    const rules = resourcesOf(templates, "AWS::Events::Rule");
    expect(rules.length).toBe(
      rowsOf("consumer").filter(({ contract: { on } }) => "every" in on).length,
    );
    for (const { Properties } of rules)
      expect(Properties.Targets).toMatchObject([{ RetryPolicy: { MaximumRetryAttempts: 0 } }]);
    // Lambda itself calls a failed function twice more, and a throttled one for six hours.
    const called = rules.map(({ Properties }) => flat(Properties.Targets[0].Arn));
    const bounded = resourcesOf(templates, "AWS::Lambda::EventInvokeConfig").map(
      ({ Properties: { FunctionName, Qualifier, ...bounds } }) => {
        expect(bounds).toEqual({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 0 });
        expect(Qualifier).toBe("$LATEST");
        return flat(FunctionName).replace(/>$/, ".Arn>");
      },
    );
    expect(bounded.sort()).toEqual(called.sort());
  });

  test("admit a valid token even if the search fails", () => {
    for (const name of ["auth/http", "auth/socket"]) {
      const { role = [] } = functions.get(functionName(stage, name)) ?? {};
      expect([name, JSON.stringify(role).includes("FIND#")]).toEqual([name, false]);
    }
  });

  test("invoke the functions that they name, and no others", () => {
    for (const { name, contract } of rows) {
      const { role = [], properties } = functions.get(functionName(stage, name)) ?? {};
      const invoked = role
        .filter(({ Action }) => Action.some((action) => action.startsWith("lambda:")))
        .map(({ Action, Resource }) => [...Action, ...Resource].join());
      const { tasks = [] } = contract.grants;
      expect([name, invoked]).toEqual([
        name,
        tasks.map((task) => expect.stringMatching(`:function:${functionName(stage, task)}$`)),
      ]);
      for (const task of tasks)
        expect(properties.Environment.Variables).toMatchObject({
          POST_PART_FUNCTION: functionName(stage, task),
        });
    }
  });

  test("may continue their work through their own queue: Lambda does not end them as a loop", () => {
    // What it sends returns to it through another function.
    const byAnother = ["webhooks/deliver"];
    for (const { name, contract } of rows) {
      const { properties } = functions.get(functionName(stage, name)) ?? {};
      const queue = contract.on?.queue;
      const isOwn = queue !== undefined && contract.grants.queues?.includes(queue) === true;
      const asksItself = isOwn || byAnother.includes(name);
      expect([name, properties?.RecursiveLoop]).toEqual([name, asksItself ? "Allow" : undefined]);
    }
  });

  test("have no wildcard action, and no wildcard resource", () => {
    for (const [name, { role }] of functions)
      for (const { Action, Resource } of role) {
        expect([name, Action.filter((action) => action.includes("*"))]).toEqual([name, []]);
        expect([name, Resource.filter((resource) => /^\*|:\*$/.test(resource))]).toEqual([
          name,
          [],
        ]);
      }
  });

  test("cannot scan, drop or change the table, nor touch an entry of the ledger", () => {
    const allowed =
      /^dynamodb:(GetItem|BatchGetItem|Query|PutItem|UpdateItem|DeleteItem|BatchWriteItem|ConditionCheckItem|DescribeStream|GetRecords|GetShardIterator|ListStreams)$/;
    for (const [name, { role }] of functions)
      for (const { Action, Resource, Condition } of role) {
        const onIndex = Resource.every((resource) => resource.endsWith("/index/due"));
        const strange = Action.filter((action) => action.startsWith("dynamodb:"))
          .filter((action) => !allowed.test(action))
          .filter((action) => !(onIndex && action === "dynamodb:Scan"));
        expect([name, strange]).toEqual([name, []]);
        const keys = Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"] ?? [];
        const changes = Action.some((action) => /:(Update|Delete|BatchWrite)Item$/.test(action));
        expect([name, changes && keys.some((key) => /^(LEDGER|\*)/.test(key))]).toEqual([
          name,
          false,
        ]);
        const items = Action.some((action) => /Item$|:Query$/.test(action)) && !onIndex;
        expect([name, items && keys.length === 0]).toEqual([name, false]);
      }
  });

  test("behind a gateway do not exceed its 29 seconds", () => {
    for (const { name, contract } of rows)
      if (["endpoint", "command", "socket", "authorizer"].includes(contract.kind)) {
        const timeout = functions.get(functionName(stage, name))?.properties.Timeout ?? 0;
        expect([name, timeout <= 29]).toEqual([name, true]);
      }
  });

  test("get a limited number of messages at once, which leaves room for calls", () => {
    const mappings = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").filter(
      ({ Properties }) => Properties.StartingPosition === undefined,
    );
    expect(mappings.length).toBe(
      rowsOf("consumer").filter(({ contract: { on } }) => "queue" in on).length,
    );
    let shared = 0;
    for (const { Properties } of mappings) {
      const name = calledBy(Properties)!;
      const most = Properties.ScalingConfig?.MaximumConcurrency;
      const reserved = functions.get(name)?.properties.ReservedConcurrentExecutions;
      // Lambda permits 2 to 1,000; deliveries beyond a reservation count as attempts.
      expect([name, most >= 2 && most <= (reserved ?? 1_000)]).toEqual([name, true]);
      if (reserved === undefined) shared += most;
    }
    const own = stageNamed(stage);
    const unreserved = own.accountConcurrency - reservedOf(own);
    if (stage === "prod") expect(unreserved).toBeGreaterThanOrEqual(400);
    expect(shared).toBeLessThanOrEqual(unreserved * (2 / 3));
  });

  test("get no more messages at once than executions, whatever is reserved for a reader", async () => {
    const readers = rowsOf("consumer").filter(({ contract: { on } }) => "queue" in on);
    const reservedConcurrency = Object.fromEntries(readers.map(({ name }) => [name, 2]));
    const { templates } = await synthesize({ ...stageNamed(stage), reservedConcurrency });
    const most = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").flatMap(
      ({ Properties }) => Properties.ScalingConfig?.MaximumConcurrency ?? [],
    );
    expect(most).toEqual(readers.map(() => 2));
  });

  test("reserve nothing in dev, and in prod only what exists", () => {
    const reserved = [...functions.values()].filter(
      ({ properties }) => properties.ReservedConcurrentExecutions !== undefined,
    );
    expect(reserved.length > 0).toBe(stage === "prod");
  });
});

test("the simulator of arrivals has the reservations and the caps of prod's templates", () => {
  const { reserved, mapped } = prodLimits();
  const named = (of: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(of).map(([name, count]) => [functionName("prod", name), count]),
    );
  const found = [...functionsOf(all.prod)].flatMap(([name, { properties }]) =>
    properties.ReservedConcurrentExecutions === undefined
      ? []
      : [[name, properties.ReservedConcurrentExecutions]],
  );
  expect(Object.fromEntries(found)).toEqual(named(reserved));
  const caps = resourcesOf(all.prod, "AWS::Lambda::EventSourceMapping").flatMap(
    ({ Properties: { ScalingConfig } }) => ScalingConfig?.MaximumConcurrency ?? [],
  );
  expect(caps.sort()).toEqual(Object.values(mapped).sort());
});

test("a function has its contract's memory, more if callers wait for it, or its stage's", async () => {
  const memoryMegabytes = { "gifts/create": 1024, "realtime/fan-out": 3538 };
  const { templates } = await synthesize({ ...stageOf(() => undefined), memoryMegabytes });
  const given = new Map(Object.entries(memoryMegabytes));
  const functions = functionsOf(templates);
  for (const { name, contract } of rows) {
    const { MemorySize } = functions.get(functionName("dev", name))!.properties;
    const usual = ["consumer", "task"].includes(contract.kind) ? 256 : 512;
    const wanted = given.get(name) ?? contract.memoryMegabytes ?? usual;
    expect([name, MemorySize]).toEqual([name, wanted]);
  }
});
