import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { functionName } from "../../lib/stages/names.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import {
  flat,
  functionsOf,
  resourcesOf,
  synthesize,
  templatesOf,
  theResource,
} from "./templates.ts";

const [dev, prod] = await Promise.all([
  templatesOf({ stage: "dev" }),
  templatesOf({ stage: "prod" }),
]);
const { stacks } = await synthesize(stageOf((name) => (name === "stage" ? "prod" : undefined)));
const delivering = { ...stageOf(() => undefined), repository: "acme/live" };
const { templates: delivered } = await synthesize(delivering);
const { canaries } = stageOf((name) => (name === "stage" ? "prod" : undefined));

const serving = ["core", "realtime", "tencent"];

/** The resources of a type in the stacks with canaries, with their ids. */
const allOfType = (templates: typeof prod, type: string) =>
  serving.flatMap((stack) =>
    Object.entries(templates[stack]!).filter(([, { Type }]) => Type === `AWS::${type}`),
  );
const ofType = (type: string) => allOfType(prod, type);
const canaryNames = new Set(canaries.map((name) => functionName("prod", name)));

/** Functions that change balances during a stream; rarely called ones are omitted. */
const movesMoney = [
  ...["gifts/create", "chat/superlike", "money/settle", "realtime/fan-out", "realtime/connect"],
  ...["tencent/gifts/send", "tencent/callbacks/receive"],
];

describe("a new version in prod", () => {
  test("gets a tenth of the calls for five minutes, and none after a failure", () => {
    const aliases = ofType("Lambda::Alias");
    expect(canaries).toEqual(expect.arrayContaining(movesMoney));
    expect(aliases.map(([, { Properties }]) => Properties.Name)).toEqual(
      canaries.map(() => "live"),
    );
    expect(ofType("Lambda::Version").length).toBe(canaries.length);
    const groups = ofType("CodeDeploy::DeploymentGroup");
    expect(groups.length).toBe(canaries.length);
    const alarms = new Set<string>();
    for (const [id, { Properties: group }] of groups) {
      expect(group).toMatchObject({
        DeploymentConfigName: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: expect.arrayContaining(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]),
        },
      });
      const asked = group.AlarmConfiguration.Alarms.map((one: { Name: Ref }) => one.Name.Ref);
      expect([id, asked.length]).toEqual([id, 2]);
      for (const alarm of asked) alarms.add(alarm);
    }
    expect([...alarms].sort()).toEqual(
      ofType("CloudWatch::Alarm")
        .map(([id]) => id)
        .sort(),
    );
    for (const [, { UpdatePolicy, DependsOn, DeletionPolicy }] of aliases) {
      // The gateway, deployed last, calls a function's alias even if it has just left the canaries.
      expect(DeletionPolicy).toBe("RetainExceptOnCreate");
      const { DeploymentGroupName } = UpdatePolicy!.CodeDeployLambdaAliasUpdate as {
        DeploymentGroupName: Ref;
      };
      // Otherwise calls would be shifted as the previous deployment configured.
      expect(DependsOn).toContain(DeploymentGroupName.Ref);
    }
  });

  test("is judged separately, so existing alarms block no deployment", () => {
    for (const [id, { Properties }] of ofType("CloudWatch::Alarm")) {
      const version = Properties.Dimensions.find(
        ({ Name }: { Name: string }) => Name === "ExecutedVersion",
      );
      expect([id, version?.Value]).toEqual([
        id,
        { "Fn::GetAtt": [expect.stringMatching(/CurrentVersion/), "Version"] },
      ]);
      // Lambda publishes errors of a version only together with the alias that called it.
      const isErrors = Properties.Namespace === "AWS/Lambda";
      const names = ["ExecutedVersion", "FunctionName", ...(isErrors ? ["Resource"] : [])];
      expect(Properties.Dimensions.map(({ Name }: { Name: string }) => Name).sort()).toEqual(names);
      // A tenth of a quiet function's calls is few: a second failure in a minute is enough.
      expect(Properties).toMatchObject({ Statistic: "Sum", Threshold: 2, EvaluationPeriods: 1 });
      // A separate name: a changed alarm would keep its state.
      expect(JSON.stringify(Properties.AlarmName)).toContain(JSON.stringify(version.Value));
      expect(Properties.TreatMissingData).toBe("notBreaching");
    }
  });

  test("gets all calls at once if requested, whatever alarms ring", async () => {
    const atOnce = await templatesOf({ stage: "prod", canary: "off" });
    const groups = allOfType(atOnce, "CodeDeploy::DeploymentGroup");
    expect(groups.length).toBe(canaries.length);
    for (const [, { Properties }] of groups) {
      expect(Properties.DeploymentConfigName).toBe("CodeDeployDefault.LambdaAllAtOnce");
      // Not left out: CodeDeploy would keep the alarms of the version before.
      expect(Properties.AlarmConfiguration).toMatchObject({ Enabled: false });
      expect(Properties.AutoRollbackConfiguration.Events).not.toContain("DEPLOYMENT_STOP_ON_ALARM");
    }
    for (const [id] of ofType("Lambda::Alias"))
      expect(allOfType(atOnce, "Lambda::Alias").map(([one]) => one)).toContain(id);
  });

  test("is called by its alias, and every other function by its name", () => {
    const text = JSON.stringify([...serving, "http"].map((stack) => prod[stack]));
    const called = [...text.matchAll(/:function:([\w-]+)(:\w+)?\/invocations/g)];
    expect(called.length).toBeGreaterThan(80);
    for (const [, name, alias] of called)
      expect([name, alias]).toEqual([name, canaryNames.has(name!) ? ":live" : undefined]);
    const readers = resourcesOf(prod, "AWS::Lambda::EventSourceMapping").map(({ Properties }) =>
      flat(Properties.FunctionName).replace(/^.*:function:/, ""),
    );
    for (const name of ["money-settle", "realtime-fan-out"])
      expect(readers).toContain(`ovation-prod-${name}:live`);
    expect(readers.filter((name) => name.endsWith(":live")).length).toBe(2);
    // The others and the routes are in stacks that depend on that one.
    const order = stacks.map(({ name }) => name.replace("ovation-prod-", ""));
    const at = order.indexOf("core");
    expect(order.slice(at, at + 4)).toEqual(["core", "community", "management", "http"]);
  });

  test("is awaited by all other functions of its stack and by its routes", () => {
    for (const stack of serving) {
      const inStack = (type: string) =>
        Object.entries(prod[stack]!).filter(([, { Type }]) => Type === `AWS::${type}`);
      const aliases = inStack("Lambda::Alias").map(([id]) => id);
      expect(aliases.length).toBeGreaterThan(1);
      const later = inStack("Lambda::Function").filter(
        ([, { Properties }]) =>
          Properties.FunctionName && !canaryNames.has(Properties.FunctionName),
      );
      expect(later.length).toBeGreaterThan(20);
      // Each of these may name an alias that this deployment creates.
      const routes = [
        ...["ApiGateway::RestApi", "ApiGatewayV2::Route"],
        ...["ApiGatewayV2::Integration", "ApiGatewayV2::Authorizer"],
        "Lambda::EventSourceMapping",
      ].flatMap(inStack);
      expect(routes.length > 0).toBe(stack !== "core");
      for (const [id, { DependsOn = [] }] of [...later, ...routes])
        expect([id, aliases.filter((alias) => !DependsOn.includes(alias))]).toEqual([id, []]);
    }
  });

  test("of the function that serves pictures has an alias, too, since the gateway calls it", async () => {
    const stage = stageOf((name) => (name === "stage" ? "prod" : undefined));
    const { templates } = await synthesize({ ...stage, canaries: [...canaries, "pictures/get"] });
    const called = JSON.stringify(templates.pictures).match(/pictures-get(:\w+)?\/invocations/g);
    expect(new Set(called)).toEqual(new Set(["pictures-get:live/invocations"]));
    const aliases = Object.entries(templates.pictures!).flatMap(([id, { Type, Properties }]) =>
      Type === "AWS::Lambda::Alias" ? [[id, Properties.Name]] : [],
    );
    expect(aliases).toEqual([[expect.any(String), "live"]]);
    const { DependsOn } = theResource(templates, "AWS::ApiGateway::RestApi", "pictures");
    expect(DependsOn).toContain(aliases[0]![0]);
  });

  test("is never partially deployed in dev", () => {
    for (const type of ["Alias", "Version"])
      expect(resourcesOf(dev, `AWS::Lambda::${type}`)).toEqual([]);
  });
});

type Ref = { Ref: string };

test("functions that post keep their runtime between deployments: they rely on Node internals", () => {
  for (const [name, { properties }] of functionsOf(prod)) {
    const posts = "WS_ENDPOINT" in properties.Environment.Variables;
    const wanted = posts ? { UpdateRuntimeOn: "FunctionUpdate" } : undefined;
    expect([name, properties.RuntimeManagementConfig]).toEqual([name, wanted]);
  }
  const { properties } = functionsOf(prod).get("ovation-prod-realtime-fan-out")!;
  expect(properties.RuntimeManagementConfig).toBeDefined();
});

test("a stage with a domain is deployed in its firewall's region too, and its pages are uploaded", async () => {
  const { templates } = await synthesize({
    ...stageOf(() => undefined),
    repository: "acme/live",
    account: "111122223333",
    region: "eu-central-1",
    domain: {
      name: "live.acme.com",
      certificate: "arn:aws:acm:us-east-1:111122223333:certificate/1234",
      zone: { id: "Z0123456789ABCDEFGHIJ", name: "acme.com" },
    },
    relay: {
      minTasks: 1,
      maxTasks: 1,
      fromViewers: 0,
      certificate: "arn:aws:acm:eu-central-1:111122223333:certificate/5678",
    },
  });
  const role = theResource(templates, "AWS::IAM::Role", "delivery").Properties;
  const text = flat(JSON.stringify(role.Policies));
  // An operator who deploys without the role needs the same rights.
  const [, guide = ""] = readFileSync("docs/deploying.md", "utf8").split("## Deployment rights\n");
  const [, documented = ""] = /```json\n([^`]+)```/.exec(guide) ?? [];
  const actionsOf = (policy: { Statement: { Action: string | string[] }[] }) =>
    policy.Statement.flatMap(({ Action }) => Action).sort();
  const [{ PolicyDocument }] = role.Policies;
  expect([...new Set(actionsOf(PolicyDocument))]).toEqual(actionsOf(JSON.parse(documented)));
  for (const region of ["eu-central-1", "us-east-1"])
    for (const one of [
      `role/cdk-hnb659fds-deploy-role-111122223333-${region}`,
      `cloudformation:${region}:111122223333:stack/CDKToolkit/*`,
    ])
      expect(text).toContain(one);
  for (const certificate of [
    "us-east-1:111122223333:certificate/1234",
    "eu-central-1:111122223333:certificate/5678",
  ])
    expect(text).toContain(
      `"acm:DescribeCertificate","Effect":"Allow","Resource":"arn:aws:acm:${certificate}"`,
    );
  expect(text).toMatch(/"route53:GetHostedZone".{1,150}hostedzone\/Z0123456789ABCDEFGHIJ/);
  expect(text).toMatch(/"s3:PutObject".{1,150}:s3:::ovation-dev-host-\*\//);
});

/** Whether a role may be assumed with a token of GitHub's for this subject (IAM's StringLike). */
function isTrusted(role: ReturnType<typeof theResource>["Properties"], subject: string): boolean {
  const { StringEquals, StringLike = {} } = role.AssumeRolePolicyDocument.Statement[0].Condition;
  const claim = "token.actions.githubusercontent.com:sub";
  const exact = [StringEquals[claim] ?? []].flat() as string[];
  const like = [StringLike[claim] ?? []].flat() as string[];
  const isLike = (pattern: string) =>
    new RegExp(`^${pattern.replaceAll(".", String.raw`\.`).replaceAll("*", ".*")}$`).test(subject);
  return exact.includes(subject) || like.some(isLike);
}

describe("the role of a repository's workflow", () => {
  const { Properties: role } = theResource(delivered, "AWS::IAM::Role", "delivery");

  test("is only for a job in the stage's environment of that repository", () => {
    const [trust, ...others] = role.AssumeRolePolicyDocument.Statement;
    expect(others).toEqual([]);
    expect(trust).toMatchObject({
      Effect: "Allow",
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { "token.actions.githubusercontent.com:aud": "sts.amazonaws.com" },
      },
    });
    const trusts = (subject: string) => isTrusted(role, subject);
    // Repositories created since July 2026 have ids in their subjects.
    for (const repo of ["acme/live", "acme@123/live@4567"])
      expect([repo, trusts(`repo:${repo}:environment:dev`)]).toEqual([repo, true]);
    for (const subject of [
      "acme/live:environment:prod",
      "acme@1/live@2:environment:prod",
      "acme/live:ref:refs/heads/main",
      "acme@1/live@2:ref:refs/heads/main",
      "acme@1/other@2:environment:dev",
      "acme/live2:environment:dev",
      "evil@1/live@2:environment:dev",
    ])
      expect([subject, trusts(`repo:${subject}`)]).toEqual([subject, false]);
    expect(flat(trust.Principal.Federated)).toMatch(
      /^arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider\/token\.actions\.githubusercontent\.com$/,
    );
  });

  test("is only for the repository with given ids, not for a later owner of its name", async () => {
    const { templates } = await synthesize({ ...delivering, repository: "acme@123/live@4567" });
    const { Properties } = theResource(templates, "AWS::IAM::Role", "delivery");
    const trusted = ["acme@123/live@4567", "acme/live", "acme@123/live@8", "acme@4/live@4567"].map(
      (repo) => isTrusted(Properties, `repo:${repo}:environment:dev`),
    );
    expect(trusted).toEqual([true, false, false, false]);
  });

  test("may assume the bootstrap's roles and read what a deployment reads", () => {
    const [policy, ...others] = role.Policies;
    expect([others, role.ManagedPolicyArns]).toEqual([[], undefined]);
    const rights = policy.PolicyDocument.Statement.map(
      ({ Action, Resource }: { Action: string | string[]; Resource: unknown }) => [
        [Action].flat().join(),
        [Resource].flat().map((one) => flat(one).replace(/^arn:<AWS::Partition>:/, "")),
      ],
    );
    const here = "<AWS::Region>:<AWS::AccountId>";
    const bootstrap = (name: string) =>
      `iam::<AWS::AccountId>:role/cdk-hnb659fds-${name}-role-<AWS::AccountId>-<AWS::Region>`;
    expect(rights).toEqual([
      ["sts:AssumeRole", ["deploy", "file-publishing", "lookup"].map(bootstrap)],
      [
        "cloudformation:DescribeStacks",
        ["CDKToolkit", "ovation-dev-*"].map((stack) => `cloudformation:${here}:stack/${stack}/*`),
      ],
      [
        "lambda:GetAccountSettings,servicequotas:GetServiceQuota,servicequotas:GetAWSDefaultServiceQuota,ses:GetEmailIdentity,ses:GetAccount,backup:ListBackupVaults",
        ["*"],
      ],
      ["lambda:GetFunctionConcurrency", [`lambda:${here}:function:ovation-dev-*`]],
      [
        "dynamodb:DescribeTable,dynamodb:DescribeTimeToLive,dynamodb:DescribeContinuousBackups,dynamodb:GetItem,dynamodb:PutItem,dynamodb:Scan",
        [`dynamodb:${here}:table/ovation-dev`, `dynamodb:${here}:table/ovation-dev-*`],
      ],
    ]);
  });

  test("does not exist in a stage without a repository", () => {
    for (const templates of [dev, prod]) expect(Object.keys(templates)).not.toContain("delivery");
  });
});
