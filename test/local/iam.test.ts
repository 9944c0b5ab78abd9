import { createIam } from "../../local/aws/iam.ts";
import type { PolicyStatement } from "../../local/model.ts";
import { makeStage } from "./sample-stage.ts";

const table = "arn:aws:dynamodb:us-east-1:000000000000:table/sample";

test("a role that is replaced is judged by its new statements", () => {
  const stage = makeStage();
  const iam = createIam(stage, () => {});
  const may = (Effect: "Allow" | "Deny") => {
    const statement = { Effect, Action: ["dynamodb:PutItem"], Resource: [table] };
    stage.roles = { ...stage.roles, "sample-writer-role": [statement] };
    return iam.isAllowed("sample-writer", { action: "dynamodb:PutItem", resource: table });
  };
  expect([may("Allow"), may("Deny"), may("Allow")]).toEqual([true, false, true]);
});

/*
 * The rule of multivalued context keys:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
test("every leading key of a request must match one of the patterns", () => {
  const allows = (patterns: string[], keys?: string[]) => {
    const stage = makeStage();
    const statement = { Effect: "Allow" as const, Action: ["dynamodb:PutItem"], Resource: [table] };
    stage.roles["sample-writer-role"] = [{ ...statement, leadingKeys: patterns }];
    const access = { action: "dynamodb:PutItem", resource: table };
    return createIam(stage, () => {}).isAllowed("sample-writer", {
      ...access,
      ...(keys && { leadingKeys: keys }),
    });
  };
  const patterns = ["STREAM#*", "ROOM#?", "TAGS"];
  expect(allows(patterns, ["STREAM#1", "ROOM#1", "TAGS"])).toBe(true);
  for (const other of ["USER#1", "ROOM#12", "stream#1", "TAGS#1", ""]) {
    expect(allows(patterns, ["STREAM#1", other])).toBe(false);
    expect(allows(patterns, [other, "STREAM#1"])).toBe(false);
  }
  expect(allows([], ["STREAM#1"])).toBe(false);
  // A request without keys satisfies ForAllValues.
  expect(allows(patterns)).toBe(true);
  expect(allows(patterns, [])).toBe(true);
});

describe("statements", () => {
  const statement = (
    Effect: "Allow" | "Deny",
    Action: string,
    Resource: string,
  ): PolicyStatement => ({ Effect, Action: [Action], Resource: [Resource] });
  const iamOf = (roles: PolicyStatement[], lines: string[] = []) => {
    const stage = makeStage();
    stage.roles["sample-writer-role"] = roles;
    return createIam(stage, (line) => lines.push(line));
  };
  const queue = "arn:aws:sqs:us-east-1:000000000000:work";
  const send = { action: "sqs:SendMessage", resource: queue };

  test("an explicit deny wins over every allow, and the refusal says so", () => {
    const allow = statement("Allow", "sqs:*", "*");
    const iam = iamOf([allow, statement("Deny", "sqs:SendMessage", queue), allow]);
    expect(iam.isAllowed("sample-writer", send)).toBe(false);
    expect(iam.isAllowed("sample-writer", { ...send, action: "sqs:ReceiveMessage" })).toBe(true);
    expect(() => iam.check("sample-writer", [send])).toThrow(
      "User: arn:aws:sts::000000000000:assumed-role/sample-writer-role/sample-writer is not " +
        `authorized to perform: sqs:SendMessage on resource: ${queue} ` +
        "with an explicit deny in an identity-based policy",
    );
  });

  test("actions match in any case, resources only in their own case", () => {
    const iam = iamOf([statement("Allow", "SQS:send*", `${queue}.*`)]);
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}.fifo` })).toBe(true);
    expect(
      iam.isAllowed("sample-writer", { ...send, resource: `${queue}.fifo`.toUpperCase() }),
    ).toBe(false);
    // A dot matches only a dot.
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}xfifo` })).toBe(false);
    expect(
      iamOf([statement("Allow", "sqs:*Message", queue)]).isAllowed("sample-writer", send),
    ).toBe(true);
  });

  test("actions and resources of one statement are alternatives", () => {
    const [first, second] = [`${queue}-1`, `${queue}-2`];
    const several: PolicyStatement = {
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:SendMessage"],
      Resource: [first, `${second}*`],
    };
    const iam = iamOf([several]);
    for (const resource of [first, second])
      expect(iam.isAllowed("sample-writer", { ...send, resource })).toBe(true);
    expect(iam.mayBelow("sample-writer", send.action, second)).toBe(true);
  });

  test("a pattern without a wildcard must match the whole name", () => {
    const iam = iamOf([statement("Allow", "sqs:SendMessage", queue)]);
    expect(iam.isAllowed("sample-writer", send)).toBe(true);
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}-dead` })).toBe(false);
    expect(iam.isAllowed("sample-writer", { ...send, action: "sqs:SendMessageBatch" })).toBe(false);
  });

  test("a wildcard in a pattern leaves the other characters literal", () => {
    const iam = iamOf([statement("Allow", "SQS:*message", "*:work.f?fo")]);
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}.fifo` })).toBe(true);
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}xfifo` })).toBe(false);
    expect(iam.isAllowed("sample-writer", { ...send, resource: `${queue}fifo` })).toBe(false);
  });

  test("the same text as action and as resource is matched by different rules", () => {
    const same = statement("Allow", "SQS:*E", "SQS:*E");
    const iam = iamOf([same]);
    expect(iam.isAllowed("sample-writer", { ...send, resource: "SQS:E" })).toBe(true);
    expect(iam.isAllowed("sample-writer", { ...send, resource: "sqs:e" })).toBe(false);
  });

  test("one refused access of several refuses the call, and is logged once per action", () => {
    const lines: string[] = [];
    const iam = iamOf([statement("Allow", "sqs:SendMessage", queue)], lines);
    const put = { action: "dynamodb:PutItem", resource: table, leadingKeys: ["A", "B"] };
    const remove = { action: "s3:DeleteObject", resource: "arn:aws:s3:::failed/x" };
    iam.check("sample-writer", [send, send]);
    expect(() => iam.check("sample-writer", [send, put])).toThrow("dynamodb:PutItem");
    expect(() => iam.check("sample-writer", [put])).toThrow("dynamodb:PutItem");
    expect(() => iam.check("sample-writer", [remove])).toThrow("s3:DeleteObject");
    const who = "AccessDenied: User: arn:aws:sts::000000000000:assumed-role/sample-writer-role";
    expect(lines).toEqual([
      expect.stringMatching(/dynamodb:PutItem action \(leading keys A, B\)$/),
      expect.stringMatching(/s3:DeleteObject action$/),
    ]);
    for (const line of lines) expect(line.startsWith(who)).toBe(true);
  });

  test("DynamoDB refuses with 400, all others with 403, all as AccessDeniedException", () => {
    const refused = (action: string) => () =>
      iamOf([]).check("sample-writer", [{ action, resource: table }]);
    const denied = { type: "AccessDeniedException" };
    expect(refused("dynamodb:GetItem")).toThrow(
      expect.objectContaining({ ...denied, status: 400 }),
    );
    expect(refused("dynamodbstreams:GetRecords")).toThrow(
      expect.objectContaining({ ...denied, status: 403 }),
    );
  });

  test("the runner may do everything, an unknown caller nothing", () => {
    const iam = iamOf([statement("Deny", "*", "*")]);
    expect(iam.knows("ovation-runner")).toBe(true);
    expect(iam.isAllowed("ovation-runner", send)).toBe(true);
    expect(iam.mayBelow("ovation-runner", send.action, queue)).toBe(true);
    iam.check("ovation-runner", [send]);
    expect(iam.knows("sample-writer")).toBe(true);
    for (const stranger of ["nobody", "constructor"]) {
      expect(iam.knows(stranger)).toBe(false);
      expect(iam.isAllowed(stranger, send)).toBe(false);
      expect(iam.mayBelow(stranger, send.action, queue)).toBe(false);
    }
  });

  test("access to a whole prefix is allowed only if no statement could deny a part of it", () => {
    const may = (...roles: PolicyStatement[]) =>
      iamOf(roles).mayBelow("sample-writer", "sqs:SendMessage", `${queue}/`);
    const below = statement("Allow", "sqs:SendMessage", `${queue}/*`);
    expect(may(below)).toBe(true);
    expect(may(statement("Allow", "sqs:SendMessage", `${queue}*`))).toBe(true);
    expect(may(statement("Deny", "sqs:ReceiveMessage", "*"), below)).toBe(true);
    expect(may(statement("Deny", "SQS:*", `${queue}/one`), below)).toBe(false);
    expect(may({ ...below, leadingKeys: ["A"] })).toBe(false);
    expect(may(statement("Allow", "sqs:SendMessage", `${queue}/`))).toBe(false);
    expect(may(statement("Allow", "sqs:SendMessage", `${queue}/one*`))).toBe(false);
    expect(may(statement("Allow", "sqs:ReceiveMessage", "*"))).toBe(false);
  });
});
