import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import {
  type CommandName,
  type Counterpart,
  credentials,
  everybody,
  openBoth,
  says,
  startCounterpart,
} from "./both-clients.ts";

let aws: Counterpart;
let both: ReturnType<typeof openBoth>;

beforeAll(async () => {
  aws = await startCounterpart();
  both = openBoth(aws.endpoint);
});
afterAll(async () => {
  for (const whose of everybody) both[whose].close();
  await aws.stop();
});

const TableName = "ovation-test";
const Key = { PK: "STREAM#ü", SK: "META" };
const values = { ":n": 1, ":text": 'a "quoted" \u2028 line', ":none": undefined };

/** What the store asks, with everything that it uses of each operation. */
const asked: [CommandName, object][] = [
  ["GetCommand", { TableName, Key, ConsistentRead: true }],
  ["PutCommand", { TableName, Item: { ...Key, a: [1, "b", null, { c: true }], d: undefined } }],
  [
    "PutCommand",
    {
      TableName,
      Item: { ...Key, set: new Set(["a", "b"]), numbers: new Set([1, 2]), empty: "", map: {} },
      ConditionExpression: "attribute_not_exists(PK) OR expiresAt <= :n",
      ExpressionAttributeValues: values,
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    },
  ],
  [
    "UpdateCommand",
    {
      TableName,
      Key,
      UpdateExpression: "SET #a = :n",
      ConditionExpression: undefined,
      ExpressionAttributeNames: { "#a": "a" },
      ExpressionAttributeValues: values,
      ReturnValues: "ALL_NEW",
    },
  ],
  ["DeleteCommand", { TableName, Key, ReturnValues: "ALL_OLD" }],
  [
    "QueryCommand",
    {
      TableName,
      IndexName: "due",
      KeyConditionExpression: "PK = :n",
      ExpressionAttributeValues: values,
      ExclusiveStartKey: Key,
      ScanIndexForward: false,
      ConsistentRead: false,
      Limit: 10,
      ProjectionExpression: "PK",
    },
  ],
  ["QueryCommand", { TableName, ExclusiveStartKey: undefined, KeyConditionExpression: "PK = :n" }],
  ["ScanCommand", { TableName, FilterExpression: "a = :n", ExpressionAttributeValues: values }],
  [
    "BatchGetCommand",
    { RequestItems: { [TableName]: { Keys: [Key, Key], ConsistentRead: true } } },
  ],
  [
    "BatchWriteCommand",
    {
      RequestItems: {
        [TableName]: [
          { PutRequest: { Item: { ...Key, n: 1.5, names: new Set(["a"]), none: undefined } } },
          { DeleteRequest: { Key } },
        ],
      },
    },
  ],
  [
    "TransactWriteCommand",
    {
      ClientRequestToken: "token",
      TransactItems: [
        { Put: { TableName, Item: { ...Key, n: 1.5 }, ConditionExpression: "a" } },
        { Update: { TableName, Key, UpdateExpression: "b", ExpressionAttributeValues: values } },
        { Delete: { TableName, Key } },
        { ConditionCheck: { TableName, Key, ConditionExpression: "c" } },
      ],
    },
  ],
];

describe("A request of our client", () => {
  test.each(asked)("is the SDK's: %s", async (name, input) => {
    aws.answer(says(200, {}));
    for (const whose of everybody) await both[whose].send(name, input);
    const [theirs, own] = aws.got;
    expect(own!.method).toBe(theirs!.method);
    expect(own!.url).toBe(theirs!.url);
    // The order of an object's members means nothing, in DynamoDB neither.
    expect(JSON.parse(own!.body)).toEqual(JSON.parse(theirs!.body));
    expect(own!.body.length).toBe(theirs!.body.length);
    for (const header of ["host", "content-type", "x-amz-target"])
      expect([header, own!.headers[header]]).toEqual([header, theirs!.headers[header]]);
    expect(own!.headers["content-length"]).toBe(String(Buffer.byteLength(own!.body)));
  });

  test.each([undefined, "TOKEN/+=="])(
    "is signed as the SDK signs it, with the session token %s",
    async (sessionToken) => {
      aws.answer(says(200, {}));
      const signing = { ...credentials, ...(sessionToken && { sessionToken }) };
      const clients = openBoth(aws.endpoint, { credentials: signing });
      for (const [name, input] of asked) await clients.own.send(name, input);
      for (const whose of everybody) clients[whose].close();
      expect(aws.got.length).toBe(asked.length);
      for (const { method, headers, body } of aws.got) {
        const signer = new SignatureV4({
          credentials: signing,
          region: "eu-central-1",
          service: "dynamodb",
          sha256: Sha256,
          applyChecksum: false,
        });
        const named = ["host", "content-type", "x-amz-target"] as const;
        const { hostname, port } = new URL(aws.endpoint);
        const given = Object.fromEntries(
          named.map((header) => [header, headers[header] as string]),
        );
        const long = String(headers["x-amz-date"]);
        const at = long.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
        const signed = await signer.sign(
          {
            method,
            protocol: "http:",
            hostname,
            port: Number(port),
            path: "/",
            headers: given,
            body,
          },
          { signingDate: new Date(at) },
        );
        expect(headers.authorization).toBe(signed.headers.authorization);
        expect(headers["x-amz-security-token"]).toBe(sessionToken);
      }
    },
  );

  test("carries the trace of the invocation, as the SDK's does, and only if there is one", async () => {
    aws.answer(says(200, {}));
    process.env.AWS_LAMBDA_FUNCTION_NAME = "function";
    for (const trace of ["Root=1-5759e988-bd862e3fe1be46a994272793", ""]) {
      process.env._X_AMZN_TRACE_ID = trace;
      for (const whose of everybody) await both[whose].send("GetCommand", { TableName, Key });
    }
    delete process.env._X_AMZN_TRACE_ID;
    delete process.env.AWS_LAMBDA_FUNCTION_NAME;
    const traces = aws.got.map(({ headers }) => headers["x-amzn-trace-id"]);
    expect(traces).toEqual([traces[0], traces[0], undefined, undefined]);
    expect(traces[0]).toMatch(/^Root=/);
  });

  test("gives a transaction without a token one, the same in each attempt", async () => {
    const TransactItems = [{ Delete: { TableName, Key } }];
    for (const whose of everybody) {
      aws.answer(says(500, {}), says(200, {}));
      await both[whose].send("TransactWriteCommand", { TransactItems });
      const tokens = aws.got.map(({ body }) => JSON.parse(body).ClientRequestToken);
      expect(tokens[0]).toMatch(/^[0-9a-f-]{36}$/);
      expect(tokens).toEqual([tokens[0], tokens[0]]);
    }
  });

  test("keeps its connection", async () => {
    for (const whose of everybody) {
      aws.answer(says(200, {}));
      for (let n = 0; n < 5; n++) await both[whose].send("GetCommand", { TableName, Key });
      expect([whose, aws.connections()]).toEqual([whose, 1]);
    }
  });
});
