import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Aws, startAws } from "../../local/aws/index.ts";
import { openState } from "../../local/state.ts";
import { makeInvoke, makeStage, noConnections } from "./sample-stage.ts";
import { callRoute, connectBy, transports } from "./transports.ts";

describe.each(transports)("calls by %s", (transport) => {
  let aws: Aws;
  const lines: string[] = [];
  const clients: DynamoDBClient[] = [];

  function connect(name: string): DynamoDBDocumentClient {
    const client = connectBy(transport, aws, name, 10_000);
    clients.push(client);
    return DynamoDBDocumentClient.from(client);
  }

  const route = (method: string, path: string, body?: unknown) =>
    callRoute(aws, method, path, body);

  beforeAll(async () => {
    aws = await startAws({
      stage: makeStage(),
      invoke: makeInvoke({}),
      connections: noConnections,
      state: openState(":memory:"),
      secrets: {},
      log: (line) => lines.push(line),
    });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await aws.stop();
  });
  beforeEach(async () => {
    await route("DELETE", "/local/faults");
    await route("POST", "/local/cost/reset");
  });

  const room = { PK: "STREAM#1", SK: "META" };

  describe("permissions", () => {
    test("everything that the role grants works, with leading keys", async () => {
      const writer = connect("sample-writer");
      await writer.send(new PutCommand({ TableName: "sample", Item: { ...room, n: 1 } }));
      const found = await writer.send(new GetCommand({ TableName: "sample", Key: room }));
      expect(found.Item).toEqual({ ...room, n: 1 });
      const page = await writer.send(
        new QueryCommand({
          TableName: "sample",
          KeyConditionExpression: "#p = :p",
          ExpressionAttributeNames: { "#p": "PK" },
          ExpressionAttributeValues: { ":p": "STREAM#1" },
        }),
      );
      expect(page.Items).toHaveLength(1);
    });

    test("other keys, actions and indexes are refused in AWS's words, and logged once", async () => {
      const writer = connect("sample-writer");
      const other = new PutCommand({ TableName: "sample", Item: { PK: "USER#1", SK: "WALLET" } });
      await expect(writer.send(other)).rejects.toMatchObject({
        name: "AccessDeniedException",
        message:
          "User: arn:aws:sts::000000000000:assumed-role/sample-writer-role/sample-writer is not " +
          "authorized to perform: dynamodb:PutItem on resource: " +
          "arn:aws:dynamodb:us-east-1:000000000000:table/sample because no identity-based policy " +
          "allows the dynamodb:PutItem action",
        $metadata: { httpStatusCode: 400 },
      });
      await expect(writer.send(other)).rejects.toThrow("not authorized");
      expect(lines.filter((line) => line.includes("dynamodb:PutItem"))).toHaveLength(1);
      await expect(writer.send(new ScanCommand({ TableName: "sample" }))).rejects.toMatchObject({
        name: "AccessDeniedException",
      });
      const byIndex = new QueryCommand({
        TableName: "sample",
        IndexName: "due",
        KeyConditionExpression: "due = :d",
        ExpressionAttributeValues: { ":d": "STREAM#1" },
      });
      await expect(writer.send(byIndex)).rejects.toThrow("table/sample/index/due");
    });

    test("a transaction is checked action by action", async () => {
      const writer = connect("sample-writer");
      const write = (PK: string, checked: string) =>
        writer.send(
          new TransactWriteCommand({
            TransactItems: [
              { Put: { TableName: "sample", Item: { PK, SK: "T" } } },
              {
                ConditionCheck: {
                  TableName: "sample",
                  Key: { PK: checked, SK: "none" },
                  ConditionExpression: "attribute_not_exists(PK)",
                },
              },
            ],
          }),
        );
      await write("STREAM#2", "USER#2");
      await expect(write("USER#2", "STREAM#2")).rejects.toThrow("dynamodb:PutItem");
    });

    test("an unknown caller is refused", async () => {
      const stranger = connect("sample-stranger").send(
        new GetCommand({ TableName: "sample", Key: room }),
      );
      await expect(stranger).rejects.toMatchObject({ name: "UnrecognizedClientException" });
      const answer = await fetch(aws.endpointUrl, { method: "POST", body: "{}" });
      expect(answer.status).toBe(400);
    });

    test("the runner may do everything, but only with its secret", async () => {
      const found = await connect("ovation-runner").send(new ScanCommand({ TableName: "sample" }));
      expect(found.Count).toBeGreaterThan(0);
      const forger = DynamoDBDocumentClient.from(
        new DynamoDBClient({
          endpoint: aws.endpointUrl,
          region: "us-east-1",
          credentials: { accessKeyId: "ovation-runner", secretAccessKey: "guess" },
        }),
      );
      await expect(forger.send(new ScanCommand({ TableName: "sample" }))).rejects.toMatchObject({
        name: "UnrecognizedClientException",
      });
    });
  });

  describe("meter", () => {
    type Cost = {
      units: { write: number; read: number };
      byOperation: Record<string, { requests: number; writeUnits: number }>;
      byFunction: Record<string, { writeUnits: number; readUnits: number }>;
      dollars: { total: number };
    };
    const cost = async () => (await route("GET", "/local/cost")).body as Cost;

    test("counts units, even of failed conditions, by function and operation", async () => {
      const writer = connect("sample-writer");
      const item = { PK: "STREAM#3", SK: "A", text: "x".repeat(1500) };
      const once = new PutCommand({
        TableName: "sample",
        Item: item,
        ConditionExpression: "attribute_not_exists(PK)",
      });
      const made = await writer.send(once);
      expect(made).not.toHaveProperty("ConsumedCapacity");
      expect((await cost()).units).toEqual({ write: 2, read: 0 });
      await expect(writer.send(once)).rejects.toThrow(ConditionalCheckFailedException);
      await writer.send(new GetCommand({ TableName: "sample", Key: room, ConsistentRead: true }));
      const report = await cost();
      expect(report.units).toEqual({ write: 4, read: 1 });
      expect(report.byFunction["sample-writer"]).toMatchObject({ writeUnits: 4, readUnits: 1 });
      expect(report.byOperation["dynamodb:PutItem"]).toMatchObject({ requests: 2, writeUnits: 4 });
      expect(report.dollars.total).toBeCloseTo(4 * 0.625e-6 + 0.125e-6, 12);
    });

    test("returns the capacity if requested, and counts transactions twice", async () => {
      const writer = connect("sample-writer");
      const Item = { PK: "STREAM#4", SK: "A" };
      const made = await writer.send(
        new PutCommand({ TableName: "sample", Item, ReturnConsumedCapacity: "TOTAL" }),
      );
      expect(made.ConsumedCapacity?.CapacityUnits).toBe(1);
      const refused = writer.send(
        new TransactWriteCommand({
          TransactItems: [
            {
              Put: {
                TableName: "sample",
                Item,
                ConditionExpression: "attribute_not_exists(PK)",
              },
            },
          ],
        }),
      );
      await expect(refused).rejects.toThrow(TransactionCanceledException);
      expect((await cost()).units.write).toBe(3);
    });
  });

  describe("faults", () => {
    const put = (SK: string) =>
      connect("sample-writer").send(
        new PutCommand({ TableName: "sample", Item: { PK: "STREAM#5", SK } }),
      );
    const exists = async (SK: string) =>
      (
        await connect("ovation-runner").send(
          new GetCommand({ TableName: "sample", Key: { PK: "STREAM#5", SK } }),
        )
      ).Item !== undefined;
    const add = (fault: object) =>
      route("POST", "/local/faults", { caller: "writer", operation: "PutItem", ...fault });

    test("an error takes effect before or after the commit, as requested", async () => {
      await add({ kind: "error_before" });
      await expect(put("before")).rejects.toMatchObject({ name: "InternalServerError" });
      expect(await exists("before")).toBe(false);
      await add({ kind: "error_after_commit" });
      await expect(put("after")).rejects.toMatchObject({ $metadata: { httpStatusCode: 500 } });
      expect(await exists("after")).toBe(true);
      await put("plain");
      const { faults } = (await route("GET", "/local/faults")).body as { faults: never[] };
      expect(faults).toMatchObject([{ struck: 1 }, { struck: 1 }]);
    });

    test("a call can be throttled, conflict, or lose its response", async () => {
      await add({ kind: "throttle" });
      await expect(put("t")).rejects.toMatchObject({ name: "ThrottlingException" });
      await add({ kind: "conflict", keyPrefix: "STREAM#5/c" });
      await expect(put("c")).rejects.toMatchObject({ name: "TransactionConflictException" });
      await add({ kind: "timeout_after_commit" });
      await expect(put("lost")).rejects.toThrow();
      expect(await exists("lost")).toBe(true);
      await add({ kind: "conflict", keyPrefix: "USER#" });
      await put("unharmed");
    });

    test("a conflict names every part of a transaction", async () => {
      await route("POST", "/local/faults", { kind: "conflict" });
      const Put = { TableName: "sample", Item: { PK: "STREAM#6", SK: "1" } };
      const Other = { TableName: "sample", Item: { PK: "STREAM#6", SK: "2" } };
      const write = connect("sample-writer").send(
        new TransactWriteCommand({ TransactItems: [{ Put }, { Put: Other }] }),
      );
      await expect(write).rejects.toMatchObject({
        name: "TransactionCanceledException",
        CancellationReasons: [{ Code: "TransactionConflict" }, { Code: "TransactionConflict" }],
      });
    });

    test("an invalid fault is refused with the reason", async () => {
      const faults = [expect.stringMatching(/^kind: /), expect.stringMatching(/^count: /)];
      const answer = route("POST", "/local/faults", { kind: "flood", count: 0 });
      await expect(answer).rejects.toMatchObject({ faults });
    });
  });
});
