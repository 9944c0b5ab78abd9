import { readRestApis } from "../../local/assembly/apis.ts";
import { readQueues, readSecrets, readTables } from "../../local/assembly/data.ts";
import { readRoles } from "../../local/assembly/functions.ts";
import { assertReadable } from "../../local/assembly/resources.ts";
import { readWebSocketApis } from "../../local/assembly/sockets.ts";
import { readEventSources, readSchedules } from "../../local/assembly/sources.ts";
import type { JsonObject, Templates } from "../../local/assembly/templates.ts";

/** One stack with one resource. */
const templatesWith = (Type: string, Properties: JsonObject): Templates => ({
  stacks: new Map([["stack", { Resources: { One: { Type, Properties } } }]]),
  region: "eu-west-1",
  account: "123456789012",
  parameters: {},
});

const queue = "arn:aws:sqs:eu-west-1:123456789012:q";
const target = {
  Arn: "arn:aws:lambda:eu-west-1:123456789012:function:f",
  Id: "One",
  RetryPolicy: { MaximumRetryAttempts: 0 },
};

const filteredBy = (pattern: JsonObject) => ({
  FilterCriteria: { Filters: [{ Pattern: JSON.stringify(pattern) }] },
});

test("a resource with a condition is refused with its name", () => {
  const template = { Resources: { One: { Type: "AWS::SQS::Queue", Condition: "IsProd" } } };
  const templates = { ...templatesWith("", {}), stacks: new Map([["stack", template]]) };
  expect(() => readQueues(templates)).toThrow(/the condition of AWS::SQS::Queue stack\/One/);
});

test.each([
  "AWS::ApiGateway::GatewayResponse",
  "AWS::DynamoDB::Table",
  "AWS::Events::EventBus",
  "AWS::IAM::ManagedPolicy",
])("a resource of the kind %s is refused with its name", (type) => {
  const sentence = `The runner does not support ${type} (stack/One)`;
  expect(() => assertReadable(templatesWith(type, {}))).toThrow(sentence);
  expect(() => assertReadable(templatesWith("AWS::IAM::Policy", {}))).not.toThrow();
});

/** Everything here is valid on AWS; the runner would emulate it wrongly, so it must not start. */
describe("a template is refused, with the resource's name,", () => {
  const roleWith = (Condition: JsonObject) => {
    const statement = { Effect: "Allow", Action: "sqs:*", Resource: "*", Condition };
    const Policies = [{ PolicyName: "all", PolicyDocument: { Statement: [statement] } }];
    return () => readRoles(templatesWith("AWS::IAM::Role", { Policies }));
  };
  const keys = { "dynamodb:LeadingKeys": "STREAM#*" };

  test.each<[string, JsonObject]>([
    ["another operator", { "ForAnyValue:StringLike": keys }],
    ["a second operator", { "ForAllValues:StringLike": keys, Null: { "aws:a": "true" } }],
    ["another key", { "ForAllValues:StringLike": { ...keys, "dynamodb:Attributes": "a" } }],
  ])("if a policy has a condition with %s", (_what, condition) => {
    expect(roleWith(condition)).toThrow(/^AWS::IAM::Role stack\/One has a form .*Condition/s);
    expect(roleWith({ "ForAllValues:StringLike": keys })).not.toThrow();
  });

  test.each<[string, JsonObject]>([
    ["waits for an event", { ScheduleExpression: null, EventPattern: { source: ["aws.s3"] } }],
    ["repeats failed calls", { Targets: [{ ...target, RetryPolicy: {} }] }],
    ["sends its own input", { Targets: [{ ...target, Input: "{}" }] }],
  ])("if a rule %s", (_what, other) => {
    const rule = { ScheduleExpression: "rate(1 minute)", Targets: [target] };
    const read = (part: JsonObject) => () =>
      readSchedules(templatesWith("AWS::Events::Rule", { ...rule, ...part }));
    expect(read(other)).toThrow(/^AWS::Events::Rule stack\/One has a form/);
    expect(read({})).not.toThrow();
  });

  test.each<[string, JsonObject]>([
    ["gathers records for a while", { MaximumBatchingWindowInSeconds: 1 }],
    ["runs batches in parallel", { ParallelizationFactor: 2 }],
    ["starts at the newest record", { StartingPosition: "LATEST" }],
    ["splits failed batches", { BisectBatchOnFunctionError: true }],
    ["reports no single failures", { FunctionResponseTypes: [] }],
    [
      "sends failed batches to a queue",
      { DestinationConfig: { OnFailure: { Destination: queue } } },
    ],
    ["filters by another rule", filteredBy({ eventName: [{ suffix: "#1" }] })],
    ["filters by a value", filteredBy({ eventName: ["INSERT"] })],
    ["filters by alternatives", filteredBy({ $or: [] })],
    ["has a setting that is new", { TumblingWindowInSeconds: 1 }],
  ])("if an event source mapping %s", (_what, other) => {
    const FunctionResponseTypes = ["ReportBatchItemFailures"];
    const mapping = { EventSourceArn: queue, FunctionName: "f", FunctionResponseTypes };
    const read = (part: JsonObject) => () =>
      readEventSources(templatesWith("AWS::Lambda::EventSourceMapping", { ...mapping, ...part }));
    expect(read(other)).toThrow(/^AWS::Lambda::EventSourceMapping stack\/One has a form/);
    expect(read(filteredBy({ eventName: [{ prefix: "INSERT" }] }))).not.toThrow();
  });

  const authorizedBy = (part: JsonObject): JsonObject => {
    const authorizer = { type: "request", authorizerUri: target.Arn, ...part };
    const own = { type: "apiKey", "x-amazon-apigateway-authorizer": authorizer };
    return { Body: { paths: {}, components: { securitySchemes: { own } } } };
  };
  test.each<[string, JsonObject]>([
    ["lists binary types outside of its document", { BinaryMediaTypes: ["*/*"] }],
    ["has parameters of a path", { Body: { paths: { "/a": { parameters: [] } } } }],
    ["has operations of another method", { Body: { paths: { "/a": { trace: {} } } } }],
    ["has an operation without an integration", { Body: { paths: { "/a": { get: {} } } } }],
    ["sends its authorizer the token alone", authorizedBy({ type: "token" })],
    [
      "identifies callers by address",
      authorizedBy({ identitySource: "context.identity.sourceIp" }),
    ],
  ])("if a REST API %s", (_what, other) => {
    const read = (part: JsonObject) => () =>
      readRestApis(templatesWith("AWS::ApiGateway::RestApi", { Body: { paths: {} }, ...part }));
    expect(read(other)).toThrow(/^AWS::ApiGateway::RestApi stack\/One has a form/);
    const identitySource = "method.request.header.Authorization";
    expect(read(authorizedBy({ identitySource }))).not.toThrow();
  });

  test.each<[string, JsonObject]>([
    ["Api", { ProtocolType: "HTTP" }],
    ["Authorizer", { ApiId: "a", AuthorizerUri: target.Arn, IdentitySource: ["context.stage"] }],
  ])("if another kind of WebSocket %s is needed", (kind, other) => {
    const read = () => readWebSocketApis(templatesWith(`AWS::ApiGatewayV2::${kind}`, other));
    expect(read).toThrow(/^AWS::ApiGatewayV2::\w+ stack\/One has a form/);
  });

  test("if a table has a local index", () => {
    const KeySchema = [{ AttributeName: "PK", KeyType: "HASH" }];
    const indexes = [{ IndexName: "i", KeySchema, Projection: { ProjectionType: "ALL" } }];
    const read = (part: JsonObject) => () =>
      readTables(
        templatesWith("AWS::DynamoDB::GlobalTable", {
          AttributeDefinitions: [],
          KeySchema,
          ...part,
        }),
      );
    const refusal = /^AWS::DynamoDB::GlobalTable stack\/One has a form .*LocalSecondaryIndexes/s;
    expect(read({ LocalSecondaryIndexes: indexes })).toThrow(refusal);
    expect(read({ GlobalSecondaryIndexes: indexes })).not.toThrow();
  });

  test("if a secret is a part of a generated text", () => {
    const read = (part: JsonObject) => () =>
      readSecrets(templatesWith("AWS::SecretsManager::Secret", { GenerateSecretString: part }));
    const form = { SecretStringTemplate: "{}", GenerateStringKey: "key" };
    expect(read(form)).toThrow(/^AWS::SecretsManager::Secret stack\/One has a form .*Template/s);
    expect(read({ PasswordLength: 40 })).not.toThrow();
  });

  test.each<[string, JsonObject]>([
    ["delays all of its messages", { DelaySeconds: 5 }],
    ["compares its messages by content", { ContentBasedDeduplication: true }],
  ])("if a queue %s", (_what, other) => {
    const read = (part: JsonObject) => () => readQueues(templatesWith("AWS::SQS::Queue", part));
    expect(read(other)).toThrow(/^AWS::SQS::Queue stack\/One has a form/);
    expect(read({})).not.toThrow();
  });
});
