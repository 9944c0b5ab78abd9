import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readAlarms } from "../../local/assembly/alarms.ts";
import { readAssembly } from "../../local/assembly/index.ts";
import { resolve } from "../../local/assembly/intrinsics.ts";
import { readEventSources, readSchedules } from "../../local/assembly/sources.ts";
import type { Json, Template, Templates } from "../../local/assembly/templates.ts";
import { environmentOf } from "../../local/lambda/environment.ts";
import { evaluateAlarm } from "../../local/monitoring/alarms.ts";
import { createMetrics } from "../../local/monitoring/metrics.ts";
import { replaceInStage } from "../../local/reload.ts";
import { writeBroadcaster } from "../bench/peers/broadcaster-assembly.ts";
import { sampleBundles, writeSampleAssembly } from "./sample-assembly.ts";

function templatesOf(...list: Template[]): Templates {
  return {
    stacks: new Map(list.map((template, index) => [`stack${index}`, template])),
    region: "eu-west-1",
    account: "123456789012",
    parameters: { "/given": "by the runner" },
  };
}

const templates = templatesOf(
  {
    Parameters: {
      Given: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/given" },
      Missing: { Type: "AWS::SSM::Parameter::Value<String>", Default: "/made" },
      Plain: { Type: "String", Default: "/given" },
      Empty: { Type: "String" },
    },
    Resources: {
      Queue: { Type: "AWS::SQS::Queue", Properties: { QueueName: "q.fifo" } },
      Table: { Type: "AWS::DynamoDB::GlobalTable", Properties: {} },
      Api: { Type: "AWS::ApiGatewayV2::Api", Properties: { ProtocolType: "WEBSOCKET" } },
      Key: { Type: "AWS::KMS::Key" },
    },
  },
  {
    Resources: {
      Parameter: { Type: "AWS::SSM::Parameter", Properties: { Name: "/made", Value: "a" } },
    },
    Outputs: { Out: { Value: { Ref: "Parameter" }, Export: { Name: "exported" } } },
  },
);

test.each<[Json, Json]>([
  [{ Ref: "AWS::AccountId" }, "123456789012"],
  [
    { a: null, b: [1, { Ref: "AWS::Region" }] },
    { a: null, b: [1, "eu-west-1"] },
  ],
  [{ Ref: "Given" }, "by the runner"],
  [{ Ref: "Queue" }, "https://sqs.eu-west-1.amazonaws.com/123456789012/q.fifo"],
  [{ "Fn::GetAtt": ["Queue", "Arn"] }, "arn:aws:sqs:eu-west-1:123456789012:q.fifo"],
  [
    { "Fn::GetAtt": "Table.StreamArn" },
    "arn:aws:dynamodb:eu-west-1:123456789012:table/stack0-Table/stream/local",
  ],
  [{ "Fn::Join": ["-", ["a", { Ref: "AWS::Region" }]] }, "a-eu-west-1"],
  [{ "Fn::Sub": `\${AWS::Partition}-\${Given}` }, "aws-by the runner"],
  [{ "Fn::ImportValue": "exported" }, "/made"],
  [{ "Fn::GetStackOutput": { StackName: "stack1", OutputName: "Out" } }, "/made"],
])("%j is %j", (value, expected) => {
  expect(resolve(templates, "stack0", value)).toEqual(expected);
});

test.each<[Json, RegExp]>([
  ...["Base64", "FindInMap", "GetAZs", "If", "Select", "Split"].map((name): [Json, RegExp] => [
    { a: [{ [`Fn::${name}`]: ["a", "b"] }] },
    new RegExp(`cannot resolve Fn::${name} .stack stack0`),
  ]),
  ["{{resolve:ssm:/given}}!", /cannot resolve {{resolve:ssm:\/given}}! .stack stack0/],
  [{ Ref: "AWS::NoValue" }, /Stack stack0 has no resource AWS::NoValue/],
  [{ Ref: "Nowhere" }, /no resource Nowhere/],
  [{ "Fn::Sub": `\${Queue.Arn}` }, /no resource Queue.Arn/],
  [{ "Fn::Sub": [`\${x}`, { x: "y" }] }, /Expected text in stack stack0/],
  [{ "Fn::GetStackOutput": { StackName: "no", OutputName: "x" } }, /Stack no has no output x/],
  [{ Ref: "Missing" }, /not set the parameter Missing of stack stack0: \/made/],
  [{ Ref: "Plain" }, /not set the parameter Plain of stack stack0/],
  [{ Ref: "Empty" }, /not set the parameter Empty of stack stack0/],
  [{ "Fn::GetAtt": ["Queue", "Colour"] }, /the attribute Colour of AWS::SQS::Queue/],
  [{ "Fn::GetAtt": ["Key", "Arn"] }, /the ARN of AWS::KMS::Key .stack0\/Key/],
  [{ "Fn::ImportValue": "nothing" }, /No stack of the assembly exports nothing/],
])("%j is refused with a sentence", (value, sentence) => {
  expect(() => resolve(templates, "stack0", value)).toThrow(sentence);
});

test("ids of APIs are stable and look like API Gateway's", () => {
  const [first, second] = [0, 1].map(() => resolve(templates, "stack0", { Ref: "Api" }));
  expect(first).toBe(second);
  expect(first).toMatch(/^[a-z0-9]{10}$/);
});

test("disabled event sources and schedules are left out, as they do nothing on AWS", () => {
  const arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  const mapping = {
    EventSourceArn: "arn:aws:sqs:eu-west-1:123456789012:q",
    FunctionName: "f",
    FunctionResponseTypes: ["ReportBatchItemFailures"],
  };
  const target = { Arn: arn, Id: "One", RetryPolicy: { MaximumRetryAttempts: 0 } };
  const rule = { ScheduleExpression: "rate(1 minute)", Targets: [target] };
  const made = templatesOf({
    Resources: {
      On: { Type: "AWS::Lambda::EventSourceMapping", Properties: mapping },
      Off: { Type: "AWS::Lambda::EventSourceMapping", Properties: { ...mapping, Enabled: false } },
      Rule: { Type: "AWS::Events::Rule", Properties: rule },
      NoRule: { Type: "AWS::Events::Rule", Properties: { ...rule, State: "DISABLED" } },
    },
  });
  expect(readEventSources(made).map(({ id }) => id)).toEqual(["stack0-On"]);
  expect(readSchedules(made).map(({ id }) => id)).toEqual(["stack0-Rule-0"]);
});

test("an alarm that rings below its threshold is listed, and not measured: one relay is no fleet", () => {
  const made = templatesOf({
    Resources: {
      Few: {
        Type: "AWS::CloudWatch::Alarm",
        Properties: {
          AlarmName: "few",
          Namespace: "Ovation",
          MetricName: "RelaySockets",
          Dimensions: [],
          Statistic: "SampleCount",
          Period: 60,
          Threshold: 7,
          ComparisonOperator: "LessThanThreshold",
          TreatMissingData: "breaching",
          EvaluationPeriods: 5,
          DatapointsToAlarm: 5,
        },
      },
    },
  });
  const [alarm] = readAlarms(made);
  const metrics = createMetrics(() => []);
  const metric = { Namespace: "Ovation", Dimensions: [[]], Metrics: [{ Name: "RelaySockets" }] };
  const line = { _aws: { CloudWatchMetrics: [metric] }, RelaySockets: 1 };
  metrics.line(undefined, JSON.stringify(line), "stdout");
  expect(evaluateAlarm(alarm!, metrics)).toMatchObject({ name: "few", state: "NOT_MEASURED" });
});

describe("an assembly", () => {
  const sample = writeSampleAssembly();
  afterAll(() => sample.remove());
  const read = (parameters: Record<string, string> = { "/sample/issuer": "http://issuer" }) =>
    readAssembly({ directory: sample.directory, stageName: "dev", parameters });

  test("provides every function with its bundle, limits and role", () => {
    const stage = read();
    const names = Object.keys(sampleBundles).map((name) => `sample-${name}`);
    expect(Object.keys(stage.functions)).toEqual(names);
    expect(stage.functions["sample-slow"]).toMatchObject({
      arn: "arn:aws:lambda:us-east-1:000000000000:function:sample-slow",
      timeoutSeconds: 1,
      memoryMegabytes: 256,
    });
    expect(stage.roles[stage.functions["sample-slow"]?.role ?? ""]).toEqual([
      { Effect: "Allow", Action: ["dynamodb:GetItem"], Resource: ["*"] },
      { Effect: "Allow", Action: ["execute-api:ManageConnections"], Resource: ["*"] },
    ]);
  });

  test("provides tables as they can be created, and APIs with routes and throttles", () => {
    const { tables, restApis, webSocketApis } = read();
    expect(tables[0]?.createTable).toEqual({
      TableName: "sample-table",
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [{ AttributeName: "PK", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "PK", AttributeType: "S" }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    });
    expect(restApis[0]?.methodSettings[1]).toEqual({
      path: "/throttled",
      method: "GET",
      rateLimit: 0.001,
      burstLimit: 2,
    });
    expect(webSocketApis[0]?.routes.$connect).toEqual({
      functionName: "sample-connect",
      authorizer: { functionName: "sample-auth-socket" },
    });
  });

  test("has the region of its functions, wherever the stack of its domain's firewall is", () => {
    const sample = writeSampleAssembly();
    const file = join(sample.directory, "manifest.json");
    const { artifacts } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(join(sample.directory, "edge.template.json"), JSON.stringify({ Resources: {} }));
    const stackIn = (region: string, templateFile: string) => ({
      type: "aws:cloudformation:stack",
      environment: `aws://111122223333/${region}`,
      properties: { templateFile },
    });
    const edge = stackIn("us-east-1", "edge.template.json");
    const own = (name: string) => stackIn("eu-central-1", artifacts[name].properties.templateFile);
    const [api, data] = [own("api"), own("data")];
    for (const placed of [
      { edge, api, data },
      { api, data, edge },
    ]) {
      writeFileSync(file, JSON.stringify({ artifacts: placed }));
      const { region, account, functions } = readAssembly({
        directory: sample.directory,
        stageName: "dev",
        parameters: { "/sample/issuer": "http://issuer" },
      });
      expect([region, account]).toEqual(["eu-central-1", "111122223333"]);
      const arn = "arn:aws:lambda:eu-central-1:111122223333:function:sample-slow";
      expect(functions["sample-slow"]?.arn).toBe(arn);
    }
    sample.remove();
  });

  test("with a missing parameter is refused with the parameter's name", () => {
    expect(() => read({})).toThrow("/sample/issuer");
  });

  test("replaces the stage's domain by a local address, and no other with the same beginning", () => {
    const stage = { ...read(), domains: ["live.acme.com"] };
    const echo = stage.functions["sample-echo"]!;
    const elsewhere = "https://live.acme.com.example/pictures";
    const places = { PICTURES_URL: "https://live.acme.com/pictures", ELSEWHERE: elsewhere };
    const environment = environmentOf(
      { ...echo, environment: { ...places, PUBLIC_URL: "https://live.acme.com" } },
      {
        stage,
        endpointUrl: "http://127.0.0.1:1",
        gatewayUrl: "http://127.0.0.1:2",
        credentialsFor: (name) => ({ accessKeyId: name, secretAccessKey: "s" }),
      },
    );
    expect(environment).toMatchObject({
      PICTURES_URL: "http://127.0.0.1:2/pictures",
      PUBLIC_URL: "http://127.0.0.1:2",
      ELSEWHERE: elsewhere,
    });
  });

  test("that replaces a running one names what needs a restart", () => {
    const stage = read();
    const next = { ...read(), domains: ["live.acme.com"], hasHostFirewall: true, relay: "relay" };
    expect(replaceInStage(stage, next)).toEqual(["domains", "hasHostFirewall", "relay"]);
    expect(replaceInStage(stage, read())).toEqual([]);
  });

  test("gives functions local endpoints and nothing of this machine's environment", () => {
    const stage = read();
    const echo = stage.functions["sample-echo"];
    if (!echo) throw new Error("The sample has no echo.");
    const environment = environmentOf(echo, {
      stage,
      endpointUrl: "http://127.0.0.1:1",
      gatewayUrl: "http://127.0.0.1:2",
      credentialsFor: (name) => ({ accessKeyId: name, secretAccessKey: "s" }),
    });
    expect(environment).toEqual({
      TABLE: "sample-table",
      ISSUER: "http://issuer",
      QUEUE: "http://127.0.0.1:1/000000000000/sample-queue",
      ENDPOINT: `http://127.0.0.1:1/${stage.webSocketApis[0]?.id}/ws`,
      AWS_ENDPOINT_URL: "http://127.0.0.1:1",
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "sample-echo",
      AWS_SECRET_ACCESS_KEY: "s",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
      AWS_LAMBDA_FUNCTION_NAME: "sample-echo",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "256",
      TZ: ":UTC",
      LOCAL: "on",
    });
  });
});

describe("the broadcaster that the benchmark compares with", () => {
  const directory = mkdtempSync(join(tmpdir(), "ovation-broadcaster-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  test("is an assembly that the runner reads", async () => {
    await writeBroadcaster(directory);
    const { functions, tables } = readAssembly({ directory, stageName: "dev", parameters: {} });
    expect(Object.keys(functions)).toHaveLength(3);
    expect(tables).toHaveLength(1);
  });
});
