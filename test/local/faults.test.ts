import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { type Aws, startAws } from "../../local/aws/index.ts";
import { openState } from "../../local/state.ts";
import { makeInvoke, makeStage, noConnections } from "./sample-stage.ts";
import { callRoute, connectBy, transports } from "./transports.ts";

describe.each(transports)("calls by %s", (transport) => {
  let aws: Aws;
  const clients: DynamoDBClient[] = [];

  /** The timeout of callers that wait for nothing; the others get an answer. */
  const timeoutMilliseconds = 1_500;

  function connect(name: string, milliseconds = 60_000): DynamoDBDocumentClient {
    const client = connectBy(transport, aws, name, milliseconds);
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
      log: () => {},
    });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await aws.stop();
  });
  beforeEach(() => route("DELETE", "/local/faults"));

  const TableName = "sample";
  const at = (SK: string) => ({ PK: "STREAM#1", SK });
  const add = async (fault: object) => {
    expect((await route("POST", "/local/faults", fault)).status).toBe(201);
  };
  const strikes = async () =>
    ((await route("GET", "/local/faults")).body as { faults: { struck: number }[] }).faults.map(
      ({ struck }) => struck,
    );
  const write = (Item: object, milliseconds?: number) =>
    connect("sample-writer", milliseconds).send(new PutCommand({ TableName, Item }));
  const find = async (SK: string) => {
    const command = new GetCommand({ TableName, Key: at(SK), ConsistentRead: true });
    return (await connect("ovation-runner").send(command)).Item;
  };

  describe("a failed condition reported as a conflict", () => {
    const putNew = (SK: string) => ({
      Put: { TableName, Item: at(SK), ConditionExpression: "attribute_not_exists(PK)" },
    });
    const writeNew = (...names: string[]) =>
      connect("sample-writer").send(new TransactWriteCommand({ TransactItems: names.map(putNew) }));

    test("affects only one item: the others keep their reasons", async () => {
      await write(at("wallet"));
      await write(at("entry"));
      await add({ kind: "condition_as_conflict", keyPrefix: "STREAM#1/wallet" });
      await expect(writeNew("entry", "fresh", "wallet")).rejects.toMatchObject({
        name: "TransactionCanceledException",
        message: expect.stringContaining("[ConditionalCheckFailed, None, TransactionConflict]"),
        CancellationReasons: [
          { Code: "ConditionalCheckFailed" },
          { Code: "None" },
          { Code: "TransactionConflict" },
        ],
      });
      expect(await find("fresh")).toBeUndefined();
    });

    test("waits for a transaction whose condition fails", async () => {
      await write(at("taken"));
      await add({ kind: "condition_as_conflict" });
      await writeNew("free");
      expect(await find("free")).toBeDefined();
      expect(await strikes()).toEqual([0]);
      await expect(writeNew("taken")).rejects.toMatchObject({
        CancellationReasons: [{ Code: "TransactionConflict" }],
      });
      expect(await strikes()).toEqual([1]);
      await expect(writeNew("taken")).rejects.toMatchObject({
        CancellationReasons: [{ Code: "ConditionalCheckFailed" }],
      });
    });
  });

  test("any single write is executed although its response is lost", async () => {
    await write({ ...at("changed"), n: 1 });
    await add({ kind: "error_after_commit", operation: "UpdateItem" });
    const update = connect("ovation-runner").send(
      new UpdateCommand({
        TableName,
        Key: at("changed"),
        UpdateExpression: "SET n = :two",
        ConditionExpression: "n = :one",
        ExpressionAttributeValues: { ":one": 1, ":two": 2 },
      }),
    );
    await expect(update).rejects.toMatchObject({ name: "InternalServerError" });
    expect(await find("changed")).toMatchObject({ n: 2 });
    await add({ kind: "error_after_commit", operation: "DeleteItem" });
    const remove = connect("ovation-runner").send(
      new DeleteCommand({ TableName, Key: at("changed") }),
    );
    await expect(remove).rejects.toMatchObject({ name: "InternalServerError" });
    expect(await find("changed")).toBeUndefined();
  });

  describe("silence", () => {
    const put = async (SK: string, milliseconds?: number) => {
      const begun = performance.now();
      const outcome = await write(at(SK), milliseconds).then(
        () => "answered",
        ({ name }: Error) => name,
      );
      return { outcome, waited: performance.now() - begun };
    };

    test("keeps the connection open and never answers: only the caller's timeout ends it", async () => {
      await add({ kind: "silence", operation: "PutItem" });
      const { outcome, waited } = await put("unheard", timeoutMilliseconds);
      expect(outcome).toBe("TimeoutError");
      expect(waited).toBeGreaterThanOrEqual(timeoutMilliseconds - 20);
      expect(await find("unheard")).toBeUndefined();
      expect((await put("unheard")).outcome).toBe("answered");
    });

    test("may come after the commit: the request was executed", async () => {
      await add({ kind: "silence_after_commit", operation: "PutItem" });
      expect((await put("done", timeoutMilliseconds)).outcome).toBe("TimeoutError");
      expect(await find("done")).toBeDefined();
    });
  });
});
