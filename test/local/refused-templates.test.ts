import { readRoles } from "../../local/assembly/functions.ts";
import type { JsonObject, Templates } from "../../local/assembly/templates.ts";

/** One stack with one resource. */
const templatesWith = (Type: string, Properties: JsonObject): Templates => ({
  stacks: new Map([["stack", { Resources: { One: { Type, Properties } } }]]),
  region: "eu-west-1",
  account: "123456789012",
  parameters: {},
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
});
