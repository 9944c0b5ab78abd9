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
const { templates: delivered } = await synthesize({
  ...stageOf(() => undefined),
  repository: "acme/live",
});
const { canaries } = stageOf((name) => (name === "stage" ? "prod" : undefined));

/** The resources of a stack of prod of one type, with their ids. */
const ofType = (type: string) =>
  Object.entries(prod.core!).filter(([, { Type }]) => Type === `AWS::${type}`);

describe("a new version in prod", () => {
  test("takes a tenth of the calls for five minutes, and all again are the old ones' on a failure", () => {
    const aliases = ofType("Lambda::Alias").map(([, resource]) => resource);
    expect(aliases.map(({ Properties }) => Properties.Name)).toEqual(canaries.map(() => "live"));
    expect(ofType("Lambda::Version").length).toBe(canaries.length);
    const [[alarm, { Properties: alarmed }] = ["", { Properties: {} }]] =
      ofType("CloudWatch::Alarm");
    expect(alarmed).toMatchObject({ MetricName: "5XXError", TreatMissingData: "notBreaching" });
    expect(flat(alarmed.Dimensions[0].Value)).toBe("ovation-prod-http");
    const groups = ofType("CodeDeploy::DeploymentGroup").map(([, { Properties }]) => Properties);
    expect(groups.length).toBe(canaries.length);
    for (const group of groups)
      expect(group).toMatchObject({
        DeploymentConfigName: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        AlarmConfiguration: { Enabled: true, Alarms: [{ Name: { Ref: alarm } }] },
        AutoRollbackConfiguration: {
          Enabled: true,
          Events: expect.arrayContaining(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"]),
        },
      });
    for (const { UpdatePolicy } of aliases)
      expect(UpdatePolicy?.CodeDeployLambdaAliasUpdate).toBeDefined();
  });

  test("is called by its alias, and every other function by its name", () => {
    const document = JSON.stringify(
      theResource(prod, "AWS::ApiGateway::RestApi", "http", isHttp).Properties.Body,
    );
    const called = [...document.matchAll(/:function:([\w-]+)(:\w+)?\/invocations/g)];
    expect(called.length).toBeGreaterThan(80);
    const names = new Set(canaries.map((name) => functionName("prod", name)));
    for (const [, name, alias] of called)
      expect([name, alias]).toEqual([name, names.has(name!) ? ":live" : undefined]);
    expect(new Set(called.map(([, name]) => name)).size).toBeGreaterThan(names.size);
  });

  test("is waited for by all other functions of the API and by its routes", () => {
    const aliases = ofType("Lambda::Alias").map(([id]) => id);
    const names = new Set(canaries.map((name) => functionName("prod", name)));
    const later = ofType("Lambda::Function").filter(
      ([, { Properties }]) => !names.has(Properties.FunctionName),
    );
    expect(later.length).toBeGreaterThan(40);
    for (const [id, { DependsOn = [] }] of later)
      expect([id, aliases.filter((alias) => !DependsOn.includes(alias))]).toEqual([id, []]);
    // The others and the routes are stacks after that one.
    const order = stacks.map(({ name }) => name.replace("ovation-prod-", ""));
    const at = order.indexOf("core");
    expect(order.slice(at, at + 4)).toEqual(["core", "community", "management", "http"]);
  });

  test("goes nowhere by halves where a stream or a queue is read, nor in dev", () => {
    for (const type of ["Alias", "Version"])
      expect(
        [...resourcesOf(prod, `AWS::Lambda::${type}`, "realtime")].concat(
          resourcesOf(dev, `AWS::Lambda::${type}`),
        ),
      ).toEqual([]);
    for (const { Properties } of resourcesOf(prod, "AWS::Lambda::EventSourceMapping"))
      expect(flat(Properties.FunctionName)).toMatch(/^<\w+\.Arn>$/);
  });
});

const isHttp = ({ Properties }: { Properties: { Name?: string } }) =>
  Properties.Name === "ovation-prod-http";

test("what posts keeps its runtime between deployments: it relies on what Node does not promise", () => {
  for (const [name, { properties }] of functionsOf(prod)) {
    const posts = "WS_ENDPOINT" in properties.Environment.Variables;
    const wanted = posts ? { UpdateRuntimeOn: "FunctionUpdate" } : undefined;
    expect([name, properties.RuntimeManagementConfig]).toEqual([name, wanted]);
  }
  const { properties } = functionsOf(prod).get("ovation-prod-realtime-fan-out")!;
  expect(properties.RuntimeManagementConfig).toBeDefined();
});

test("a stage with a domain is deployed in its firewall's region too, and its pages are brought", async () => {
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
  });
  const role = theResource(templates, "AWS::IAM::Role", "delivery").Properties;
  const text = flat(JSON.stringify(role.Policies));
  for (const region of ["eu-central-1", "us-east-1"])
    for (const one of [
      `role/cdk-hnb659fds-deploy-role-111122223333-${region}`,
      `cloudformation:${region}:111122223333:stack/CDKToolkit/*`,
    ])
      expect(text).toContain(one);
  expect(text).toContain(
    '"acm:DescribeCertificate","Effect":"Allow","Resource":"arn:aws:acm:us-east-1:111122223333:',
  );
  expect(text).toMatch(/"route53:GetHostedZone".{1,150}hostedzone\/Z0123456789ABCDEFGHIJ/);
  expect(text).toMatch(/"s3:PutObject".{1,150}:s3:::ovation-dev-host-\*\//);
});

describe("the role of a repository's workflow", () => {
  const { Properties: role } = theResource(delivered, "AWS::IAM::Role", "delivery");

  test("is for a job in the stage's environment of that repository alone", () => {
    const [trust, ...others] = role.AssumeRolePolicyDocument.Statement;
    expect(others).toEqual([]);
    expect(trust).toMatchObject({
      Effect: "Allow",
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": "repo:acme/live:environment:dev",
        },
      },
    });
    expect(flat(trust.Principal.Federated)).toMatch(
      /^arn:<AWS::Partition>:iam::<AWS::AccountId>:oidc-provider\/token\.actions\.githubusercontent\.com$/,
    );
  });

  test("may take on the bootstrap's roles and look at what a deployment looks at", () => {
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
        "lambda:GetAccountSettings,servicequotas:GetServiceQuota,ses:GetEmailIdentity,ses:GetAccount,backup:ListBackupVaults",
        ["*"],
      ],
      [
        "dynamodb:GetItem,dynamodb:PutItem,dynamodb:Query,dynamodb:Scan",
        [`dynamodb:${here}:table/ovation-dev`],
      ],
    ]);
  });

  test("is in no stage that names no repository", () => {
    for (const templates of [dev, prod]) expect(Object.keys(templates)).not.toContain("delivery");
  });
});
