import { describe, expect, test } from "@jest/globals";
import { Account, protectedTooEarly, type Stack, type Template } from "./cloudformation.ts";

type Resources = Template["Resources"];
const queue = (QueueName?: string, more: object = {}) => ({
  Type: "AWS::SQS::Queue",
  Properties: { ...(QueueName && { QueueName }) },
  ...more,
});
const stack = (name: string, Resources: Resources, Outputs: Template["Outputs"] = {}): Stack => ({
  name,
  template: { Resources, Outputs },
});
const arn = (id: string) => ({ "Fn::GetAtt": [id, "Arn"] });
const exported = (Value: unknown) => ({ out: { Value, Export: { Name: "a:out" } } });
const user = stack("b", {
  mapping: {
    Type: "AWS::Lambda::EventSourceMapping",
    Properties: { EventSourceArn: { "Fn::ImportValue": "a:out" } },
  },
});

/** What the last of several deployments is refused for; those before it are not. */
function lastOf(...deployments: Stack[][]): string[] {
  const account = new Account(100);
  for (const stacks of deployments.slice(0, -1)) expect(account.deploy(stacks)).toEqual([]);
  return account.deploy(deployments.at(-1)!);
}

describe("an export", () => {
  const own = stack("a", { q: queue("q") }, exported(arn("q")));

  test("that is in use neither goes nor changes", () => {
    const refused = ['a: the export "a:out" cannot change: b use it'];
    expect(lastOf([own, user], [stack("a", { q: queue("q") })])).toEqual(refused);
    const other = stack("a", { q: queue("q"), r: queue("r") }, exported(arn("r")));
    expect(lastOf([own, user], [other, user])).toEqual(refused);
    const renamed = stack("a", { q: queue("q2") }, exported(arn("q")));
    expect(lastOf([own, user], [renamed, user])).toEqual(refused);
  });

  test("that nobody uses may go, also after its user stopped in an earlier deployment", () => {
    expect(lastOf([own], [stack("a", { q: queue("q") })])).toEqual([]);
    expect(lastOf([own, user], [own, stack("b", {})], [stack("a", {})])).toEqual([]);
  });

  test("has to be there before it is imported", () => {
    expect(lastOf([user, own])).toEqual(['b: nobody exports "a:out"']);
  });
});

describe("an output that other stacks read", () => {
  const told = (more: object = {}) =>
    stack("b", {
      alarm: {
        Type: "AWS::CloudWatch::Alarm",
        Properties: { ...more, D: { "Fn::GetStackOutput": { StackName: "a", OutputName: "o" } } },
      },
    });
  const telling = (id: string) =>
    stack("a", { q: queue("q"), r: queue("r") }, { o: { Value: arn(id) } });

  test("may change, with those who read it", () => {
    expect(lastOf([telling("q"), told()], [telling("r"), told({ x: 1 })])).toEqual([]);
    expect(lastOf([telling("q"), told()], [telling("r"), told()])).toEqual([
      "b: goes on with an old o",
    ]);
    expect(lastOf([told()])).toEqual(["b: a has no output o"]);
  });
});

describe("a name", () => {
  test("is one stack's: what moves would be made before it is gone", () => {
    const moved = [stack("a", {}), stack("b", { q: queue("q") })];
    expect(lastOf([stack("a", { q: queue("q") })], moved.toReversed())).toEqual([
      'b: AWS::SQS::Queue "q" is in a',
    ]);
    expect(lastOf([stack("a", { q: queue("q") })], moved)).toEqual([]);
    expect(lastOf([stack("a", { q: queue("q") })], [stack("a", { p: queue("q") })])).toEqual([
      'a: AWS::SQS::Queue "q" is in a',
    ]);
  });

  test("of what was kept cannot be given again", () => {
    const kept = stack("a", { q: queue("q", { DeletionPolicy: "RetainExceptOnCreate" }) });
    expect(lastOf([kept], [stack("a", {})], [kept])).toEqual(['a: AWS::SQS::Queue "q" is kept']);
    const account = new Account();
    expect(account.deploy([kept])).toEqual([]);
    expect(account.destroy([kept])).toEqual([]);
    expect([...account.kept]).toEqual(['AWS::SQS::Queue "q"']);
    expect(account.deploy([kept])).toEqual(['a: AWS::SQS::Queue "q" is kept']);
  });

  test("that CloudFormation gives is never taken", () => {
    expect(lastOf([stack("a", { q: queue() })], [stack("b", { q: queue() })])).toEqual([]);
  });
});

describe("what is protected", () => {
  const pool = (more: object = {}) => ({
    Type: "AWS::Cognito::UserPool",
    Properties: { DeletionProtection: "ACTIVE" },
    ...more,
  });

  test("is not deleted", () => {
    expect(lastOf([stack("a", { pool: pool() })], [stack("a", {})])).toEqual([
      "a: pool is protected and would be deleted",
    ]);
    const kept = stack("a", { pool: pool({ DeletionPolicy: "Retain" }) });
    expect(lastOf([kept], [stack("a", {})])).toEqual([]);
  });

  test("is made last, since nothing undoes it where another resource fails", () => {
    const last = stack("a", { q: queue("q"), pool: pool({ DependsOn: "q" }) });
    expect(protectedTooEarly(last)).toEqual([]);
    const early = stack("a", { q: queue("q", { DependsOn: ["pool"] }), pool: pool() });
    const parallel = stack("a", { q: queue("q"), pool: pool() });
    for (const one of [early, parallel])
      expect(protectedTooEarly(one)).toEqual([
        "a: pool is protected and may be there when q fails",
      ]);
  });
});

test("reservations fit at every moment of a deployment, also where they move", () => {
  const reserving = (name: string, ReservedConcurrentExecutions: number) =>
    stack(name, {
      f: { Type: "AWS::Lambda::Function", Properties: { ReservedConcurrentExecutions } },
    });
  const before = [reserving("a", 20), reserving("b", 70)];
  expect(lastOf(before, [reserving("a", 70), reserving("b", 20)])).toEqual([
    "a: 140 of 100 executions are reserved",
  ]);
  expect(lastOf(before, [reserving("b", 20), reserving("a", 70)])).toEqual([]);
});

test("stacks are deleted in reverse, and none whose exports others use", () => {
  const own = stack("a", { q: queue("q") }, exported(arn("q")));
  const account = new Account();
  expect(account.deploy([own, user])).toEqual([]);
  expect(account.destroy([own])).toEqual(['a: the export "a:out" cannot change: b use it']);
  expect(account.destroy([own, user])).toEqual([]);
  expect(account.stacks.size).toBe(0);
});
