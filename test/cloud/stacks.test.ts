import { describe, expect, test } from "@jest/globals";
import { acceptedFindings, isAccepted } from "../../lib/nag.ts";
import { functionName } from "../../lib/stages/names.ts";
import { rowsOf } from "../../lib/stages/route-table.ts";
import * as limits from "../../lib/stages/stage-limits.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import {
  findingsOf,
  flat,
  functionsOf,
  resourcesOf,
  synthesize,
  templatesOf,
  theResource,
} from "./templates.ts";

const { assertConcurrency, assertRate, assertRetention, reservedOf } = limits;
const given = (options: Record<string, string>) => (name: string) => options[name];

const all = {
  dev: await templatesOf({ stage: "dev" }),
  prod: await templatesOf({ stage: "prod" }),
};

describe.each(["dev", "prod"] as const)("the stacks of %s", (stage) => {
  const templates = all[stage];
  const inProd = stage === "prod";

  test("are those of the stage and the account's", () => {
    expect(Object.keys(templates).sort()).toEqual([
      ...["account", "community", "core", "data", "http", "identity", "management", "pictures"],
      ...["realtime", "tencent", "users", "watch"],
    ]);
  });

  test("have one table: on demand, with stream, expiry, recovery and one sparse index", () => {
    const { Properties, DeletionPolicy } = theResource(
      templates,
      "AWS::DynamoDB::GlobalTable",
      "data",
    );
    expect(Properties).toMatchObject({
      TableName: `ovation-${stage}`,
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamViewType: "NEW_AND_OLD_IMAGES" },
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
      GlobalSecondaryIndexes: [{ IndexName: "due" }],
    });
    expect(Properties.Replicas[0]).toMatchObject({
      DeletionProtectionEnabled: inProd,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(DeletionPolicy).toBe(inProd ? "RetainExceptOnCreate" : "Delete");
  });

  test("have a table that handles an event from its first minute in prod, and no runaway bill in dev", () => {
    const { Properties } = theResource(templates, "AWS::DynamoDB::GlobalTable", "data");
    const [replica] = Properties.Replicas;
    const most = {
      reads: replica.ReadOnDemandThroughputSettings?.MaxReadRequestUnits,
      writes: Properties.WriteOnDemandThroughputSettings?.MaxWriteRequestUnits,
    };
    if (inProd) {
      // A new table accepts 4,000 writes a second, which is 250 gifts.
      expect(Properties.WarmThroughput.WriteUnitsPerSecond).toBeGreaterThanOrEqual(16_000);
      expect(Properties.WarmThroughput.ReadUnitsPerSecond).toBeGreaterThanOrEqual(24_000);
      expect(most).toEqual({ reads: undefined, writes: undefined });
    } else {
      expect(Properties).not.toHaveProperty("WarmThroughput");
      expect(most).toEqual({ reads: 12_000, writes: 4_000 });
    }
  });

  test("keep failed batches, which have names and texts, for a week", () => {
    const buckets = resourcesOf(templates, "AWS::S3::Bucket");
    const rules = buckets.flatMap(
      ({ Properties }) => Properties.LifecycleConfiguration?.Rules ?? [],
    );
    expect(rules).toEqual([{ ExpirationInDays: 7, Status: "Enabled" }]);
  });

  test("keep user data in prod, except after a failed first deployment", () => {
    const named = ["TableName", "SecretName", "UserPoolName", "BucketName"];
    const owned = Object.entries(templates)
      .filter(([name]) => name !== "account")
      .flatMap(([stack, resources]) =>
        Object.values(resources).map((resource) => ({ stack, ...resource })),
      )
      .filter(({ Type }) => /::(GlobalTable|Secret|UserPool|Bucket)$/.test(Type));
    expect(owned.map(({ stack, Type }) => `${stack} ${Type}`).sort()).toEqual([
      "data AWS::DynamoDB::GlobalTable",
      "data AWS::S3::Bucket",
      "data AWS::S3::Bucket",
      "data AWS::SecretsManager::Secret",
      "data AWS::SecretsManager::Secret",
      // The key between CloudFront and the APIs.
      ...(inProd ? ["data AWS::SecretsManager::Secret"] : []),
      "users AWS::Cognito::UserPool",
    ]);
    for (const { Type, DeletionPolicy } of owned)
      expect([Type, DeletionPolicy]).toEqual([Type, inProd ? "RetainExceptOnCreate" : "Delete"]);
    // A retained name would block the next attempt.
    for (const [stack, resources] of Object.entries(templates))
      for (const [id, { Properties, DeletionPolicy }] of Object.entries(resources))
        if (DeletionPolicy === "Retain")
          expect([stack, id, named.filter((name) => Properties[name])]).toEqual([stack, id, []]);
  });

  test("create the table last, since it could not be rolled back when something else fails", () => {
    const { data = {} } = templates;
    const [[, table] = []] = Object.entries(data).filter(([, { Type }]) => /Table$/.test(Type));
    const others = Object.entries(data).filter(([, { Type }]) =>
      /(Queue|Secret|Bucket)$/.test(Type),
    );
    expect(others.length).toBeGreaterThan(3);
    for (const [id] of others) expect(table?.DependsOn).toContain(id);
  });

  test("read the table's stream in order, bounded, and keep failed batches", () => {
    const mappings = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").filter(
      ({ Properties }) => Properties.StartingPosition !== undefined,
    );
    // A table's stream supports two readers.
    expect(mappings.length).toBe(2);
    for (const { Properties } of mappings) {
      expect(Properties).toMatchObject({
        StartingPosition: "TRIM_HORIZON",
        ParallelizationFactor: 1,
        BisectBatchOnFunctionError: false,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      });
      expect(Properties.MaximumRecordAgeInSeconds).toBeGreaterThan(0);
      expect(Properties.MaximumRetryAttempts).toBeGreaterThan(0);
      expect(Properties.BatchSize).toBeLessThanOrEqual(1000);
      expect(flat(Properties.DestinationConfig.OnFailure.Destination)).toContain("failures");
      for (const { Pattern } of Properties.FilterCriteria?.Filters ?? [])
        expect(() => JSON.parse(Pattern)).not.toThrow();
      expect(Properties.FilterCriteria?.Filters.length ?? 0).toBeLessThanOrEqual(5);
    }
  });

  test("have dead-letter queues", () => {
    const queues = resourcesOf(templates, "AWS::SQS::Queue", "data");
    const isDead = ({ QueueName }: { QueueName: string }) => /-dead(\.fifo)?$/.test(QueueName);
    const live = queues.map(({ Properties }) => Properties).filter((queue) => !isDead(queue));
    const names = live.map(({ QueueName }) => QueueName);
    for (const name of ["moments", "posts.fifo", "deliveries.fifo", "rooms.fifo"])
      expect(names).toContain(`ovation-${stage}-${name}`);
    expect(live.length).toBe(queues.length - live.length);
    for (const { RedrivePolicy } of live) expect(RedrivePolicy.maxReceiveCount).toBeGreaterThan(1);
    const readers = resourcesOf(templates, "AWS::Lambda::EventSourceMapping").filter(
      ({ Properties }) => Properties.StartingPosition === undefined,
    );
    expect(readers.length).toBe(live.length);
    for (const { Properties } of readers)
      expect(Properties.FunctionResponseTypes).toEqual(["ReportBatchItemFailures"]);
  });

  test("keep dead letters with users' texts for a week, those with ids for two", () => {
    const dead = resourcesOf(templates, "AWS::SQS::Queue", "data").filter(
      ({ Properties }) => Properties.RedrivePolicy === undefined,
    );
    const days = dead.map(({ Properties: of }) => [
      of.QueueName,
      of.MessageRetentionPeriod / 86_400,
    ]);
    expect(days.filter(([, kept]) => kept !== 14)).toEqual([
      [`ovation-${stage}-deliveries-dead.fifo`, 7],
    ]);
  });

  test("redeliver a message once its reader must have ended, soon in the case of a room's posts", () => {
    const queues = resourcesOf(templates, "AWS::SQS::Queue", "data");
    const invisible = (name: string) =>
      queues.find(({ Properties }) => Properties.QueueName === `ovation-${stage}-${name}`)
        ?.Properties.VisibilityTimeout;
    for (const { name, contract } of rowsOf("consumer")) {
      if (!("queue" in contract.on)) continue;
      const isOrdered = ["posts", "deliveries", "rooms"].includes(contract.on.queue);
      const seconds = invisible(`${contract.on.queue}${isOrdered ? ".fifo" : ""}`);
      const { timeoutSeconds = 10 } = contract;
      // Lambda requires at least the function's timeout; a failed message blocks its group.
      expect([name, seconds]).toEqual([name, isOrdered ? timeoutSeconds + 15 : 6 * timeoutSeconds]);
      if (isOrdered) expect(seconds).toBeLessThanOrEqual(90);
    }
  });

  test("open a WebSocket API with an authorizer only on $connect, without identity source", () => {
    const routes = resourcesOf(templates, "AWS::ApiGatewayV2::Route");
    const keys = routes.map(({ Properties }) => Properties.RouteKey);
    for (const key of ["$connect", "$disconnect", "$default", "subscribe", "unsubscribe", "ping"])
      expect(keys).toContain(key);
    for (const { Properties } of routes)
      expect(Properties.AuthorizationType).toBe(
        Properties.RouteKey === "$connect" ? "CUSTOM" : "NONE",
      );
    const [authorizer] = resourcesOf(templates, "AWS::ApiGatewayV2::Authorizer");
    expect(authorizer?.Properties).not.toHaveProperty("IdentitySource");
    const api = theResource(templates, "AWS::ApiGatewayV2::Api", "realtime");
    expect(api.Properties.RouteSelectionExpression).toBe("$request.body.action");
    const { Properties } = theResource(templates, "AWS::ApiGatewayV2::Stage", "realtime");
    expect(Properties.StageName).toBe("ws");
  });

  test("have alarms for lag, parked records, dead letters, faults and 5xx, by mail if there is an address", () => {
    const alarms = resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch");
    const metrics = alarms.map(({ Properties }) => Properties.MetricName);
    for (const metric of [
      "IteratorAge",
      "OnFailureDestinationDeliveredEventCount",
      "ApproximateNumberOfMessagesVisible",
      "5XXError",
      "Throttles",
      "RecordsParked",
      "DeliveriesFailed",
      "http-faults",
      "tencent-faults",
      "realtime-faults",
      "CreditsOwed",
    ])
      expect(metrics).toContain(metric);
    for (const { Properties } of alarms) expect(Properties.AlarmActions.length).toBe(1);
    expect(resourcesOf(templates, "AWS::SNS::Subscription").length).toBe(inProd ? 1 : 0);
  });

  test("have an alarm for the total debt of wallets, which a schedule publishes each minute", () => {
    const [alarm] = resourcesOf(templates, "AWS::CloudWatch::Alarm", "watch")
      .map(({ Properties }) => Properties)
      .filter(({ MetricName }) => MetricName === "CreditsOwed");
    expect(alarm).toMatchObject({
      Namespace: "Ovation",
      Statistic: "Maximum",
      Period: 60,
      Threshold: 10_000,
      ComparisonOperator: "GreaterThanOrEqualToThreshold",
    });
  });

  test("have a firewall in prod that only counts what honest requests may look like", () => {
    const [acl] = resourcesOf(templates, "AWS::WAFv2::WebACL", "http");
    expect(acl !== undefined).toBe(inProd);
    if (acl === undefined) return;
    const common = acl.Properties.Rules.find(({ Name }: Rule) => Name.includes("CommonRuleSet"));
    const counted = common.Statement.ManagedRuleGroupStatement.RuleActionOverrides;
    // Chat may look like markup, back ends send no User-Agent, and paths have usernames and tokens.
    const paths = ["RestrictedExtensions_URIPATH", "SizeRestrictions_URIPATH"];
    const others = ["NoUserAgent_HEADER", ...paths];
    for (const { Name, ActionToUse } of counted)
      expect([Name.endsWith("_BODY") || others.includes(Name), ActionToUse]).toEqual([
        true,
        { Count: {} },
      ]);
    expect(counted.length).toBe(8);
    const rates = acl.Properties.Rules.flatMap((rule: Rule) => {
      const rate = rule.Statement.RateBasedStatement;
      return rate === undefined ? [] : [[rule.Name, rate.Limit, rate.EvaluationWindowSec ?? 300]];
    });
    // By address, and by token, separately for the wallets.
    const [address, pictures, token] = [
      "rate,100000,300 rate-without-token,10000,300 rate-dear,1000,300",
      "rate-pictures,2750,300 rate-large-pictures,240,300",
      "token-rate,1440,60 wallets-token-rate,3600,60 uploads-token-rate,100,300",
    ];
    expect(rates.join(" ")).toBe([address, pictures, token].join(" "));
    const associations = resourcesOf(templates, "AWS::WAFv2::WebACLAssociation");
    const before = JSON.stringify(associations.map(({ Properties }) => Properties.ResourceArn));
    // Each REST API has one, including pictures' and Tencent's; the others are the user pool's.
    for (const stack of ["http", "tencent"])
      for (const id of Object.entries(templates[stack]!).flatMap(([id, { Type }]) =>
        Type === "AWS::ApiGateway::Stage" ? [id] : [],
      ))
        expect([id, before.includes(`"${id}"`)]).toEqual([id, true]);
  });

  test("name the issuer by parameters, which a pool of the stage fills", () => {
    const names = resourcesOf(templates, "AWS::SSM::Parameter").map(
      ({ Properties }) => Properties.Name,
    );
    expect(names.sort()).toEqual(
      ["audience", "issuer", "jwks"].map((n) => `/ovation/${stage}/${n}`),
    );
    expect(resourcesOf(templates, "AWS::Cognito::UserPool").length).toBe(1);
    const groups = resourcesOf(templates, "AWS::Cognito::UserPoolGroup");
    expect(groups.map(({ Properties }) => Properties.GroupName)).toEqual(["admin", "service"]);
  });
});

type Rule = {
  Name: string;
  Statement: { RateBasedStatement?: { Limit: number; EvaluationWindowSec?: number } };
};

describe("a stage", () => {
  test("may use any issuer instead of the pool", async () => {
    const issuer = "https://issuer.example";
    const options = { stage: "dev", issuer, audience: "app", jwks: `${issuer}/keys` };
    const templates = await templatesOf(options);
    expect(resourcesOf(templates, "AWS::Cognito::UserPool")).toEqual([]);
    const values = resourcesOf(templates, "AWS::SSM::Parameter").map(
      ({ Properties }) => Properties.Value,
    );
    expect(values.sort()).toEqual(["app", issuer, `${issuer}/keys`].sort());
  });

  test("says what is wrong with its options", () => {
    expect(() => stageOf(given({ stage: "live" }))).toThrow(
      "-c stage=live: expected one of dev, staging, prod",
    );
    expect(() => stageOf(given({ stage: "dev", issuer: "https://x.example" }))).toThrow(
      "-c audience=",
    );
  });

  test("has a reason for every finding of AWS's rules, and no unused reasons", async () => {
    const dev = stageOf(given({ stage: "dev", relay: "on" }));
    const zone = { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" };
    const more = { repository: "acme/live", domain: { name: "live.acme.com", zone } };
    const findings = [
      ...(await findingsOf({ stage: "dev" })),
      ...(await findingsOf({ stage: "prod" })),
      ...(await synthesize({ ...dev, ...more })).findings,
    ];
    expect(findings.length).toBeGreaterThan(0);
    for (const { rule, path } of findings)
      expect([rule, path, isAccepted(rule, path)]).toEqual([rule, path, true]);
    for (const { finding, reason } of acceptedFindings) {
      expect([finding, findings.some(({ rule }) => finding.test(rule))]).toEqual([finding, true]);
      expect(reason.length).toBeGreaterThan(40);
    }
    expect(isAccepted("AwsSolutions-APIG4", "ovation-dev-http/api/Resource")).toBe(false);
    expect(isAccepted("AwsSolutions-IAM5[Action::s3:*]", "ovation-dev-data/x")).toBe(false);
  });

  test("reserves executions only for existing functions", () => {
    const names = Object.keys(stageOf(given({ stage: "prod" })).reservedConcurrency);
    const functions = functionsOf(all.prod);
    for (const name of names) expect([...functions.keys()]).toContain(functionName("prod", name));
  });

  test("cannot reserve so much that users' calls have less than 400 executions", () => {
    const prod = stageOf(given({ stage: "prod" }));
    const reserved = reservedOf(prod);
    expect(reserved + 400).toBeLessThanOrEqual(prod.accountConcurrency);
    expect(() => assertConcurrency({ ...prod, accountConcurrency: reserved + 400 })).not.toThrow();
    expect(() => assertConcurrency({ ...prod, accountConcurrency: reserved + 399 })).toThrow();
  });

  test("cannot allow more requests than the account's rate", () => {
    const prod = stageOf(given({ stage: "prod" }));
    // The rates that the gateways admit according to the templates, and the rate of posts.
    const isAll = (one: Record<string, string>) =>
      one.HttpMethod === "*" && one.ResourcePath === "/*";
    const rest = resourcesOf(all.prod, "AWS::ApiGateway::Stage").map(
      ({ Properties }) => Properties.MethodSettings.find(isAll).ThrottlingRateLimit as number,
    );
    const [sockets] = resourcesOf(all.prod, "AWS::ApiGatewayV2::Stage");
    const settings = sockets!.Properties.DefaultRouteSettings;
    const accountRate = [...rest, settings.ThrottlingRateLimit as number].reduce(
      (sum, one) => sum + one,
      prod.postRate,
    );
    expect(() => assertRate({ ...prod, accountRate })).not.toThrow();
    expect(() => assertRate({ ...prod, accountRate: accountRate - 1 })).toThrow(
      `allows ${accountRate} requests/s`,
    );
  });

  test("keeps messages as long as the frames that show them, or forever", () => {
    const prod = stageOf(given({ stage: "prod" }));
    for (const messageDays of [0, 2, 365])
      expect(() => assertRetention({ ...prod, messageDays })).not.toThrow();
    for (const messageDays of [1, 2.5, -1])
      expect(() => assertRetention({ ...prod, messageDays })).toThrow("messageDays");
  });

  test("gets a new deployment when its document changes", async () => {
    const deploymentOf = async (origins: string[]) => {
      const { templates } = await synthesize({ ...stageOf(given({ stage: "dev" })), origins });
      return Object.entries(templates.http!).find(
        ([id, { Type }]) => Type === "AWS::ApiGateway::Deployment" && id.startsWith("api"),
      )?.[0];
    };
    const any = await deploymentOf(["*"]);
    expect(any).toEqual(expect.any(String));
    expect(await deploymentOf(["https://a.example"])).not.toBe(any);
  });

  test("gives each function the settings that it needs, and no other function's secrets", () => {
    const functions = functionsOf(all.dev);
    const of = (name: string) =>
      functions.get(`ovation-dev-${name}`)?.properties.Environment.Variables;
    expect(Object.keys(of("auth-http"))).toEqual(expect.arrayContaining(["ISSUER", "JWKS_URI"]));
    expect(Object.keys(of("app-config"))).not.toContain("ISSUER");
    expect(Object.keys(of("tencent-gifts-send"))).toContain("TENCENT_SECRET_ARN");
    expect(Object.keys(of("gifts-create"))).not.toContain("TENCENT_SECRET_ARN");
    expect(flat(of("realtime-fan-out").WS_ENDPOINT)).toMatch(
      /^https:\/\/<\w+>\.execute-api\..*\/ws$/,
    );
  });
});
