import { openEmbeddedEngine } from "../../../local/engine/index.ts";

type Body = Record<string, unknown>;

const attribute = (AttributeName: string, AttributeType = "S") => ({
  AttributeName,
  AttributeType,
});
const key = (AttributeName: string, KeyType = "HASH") => ({ AttributeName, KeyType });

/** A table of `pk` and `sk`, with an index `by-owner` of `owner` and the number `rank`. */
export const tableOf = (TableName: string) => ({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    ...["pk", "sk", "owner"].map((name) => attribute(name)),
    attribute("rank", "N"),
  ],
  KeySchema: [key("pk"), key("sk", "RANGE")],
  GlobalSecondaryIndexes: [
    {
      IndexName: "by-owner",
      KeySchema: [key("owner"), key("rank", "RANGE")],
      Projection: { ProjectionType: "ALL" },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
});

/** An engine in memory with the table `things`, and a clock that the test moves. */
export function openTestEngine(file = ":memory:") {
  const clock = { now: Date.now() };
  const engine = openEmbeddedEngine(file, () => clock.now);
  const ask = (operation: string, body: Body) => engine.execute(operation, body);
  /** The result of an operation that must succeed. */
  const must = (operation: string, body: Body): Body => {
    const answer = ask(operation, body);
    if (answer.status !== 200) throw new Error(`${operation}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  /** The name and message of an operation that must fail. */
  const refusal = (operation: string, body: Body): [string, string] => {
    const { status, body: answer } = ask(operation, body);
    if (status !== 400) throw new Error(`${operation} was not refused`);
    const type = String(answer.__type);
    return [type.slice(type.indexOf("#") + 1), String(answer.message ?? answer.Message)];
  };
  if (ask("DescribeTable", { TableName: "things" }).status !== 200)
    must("CreateTable", tableOf("things"));
  const put = (pk: string, sk: string, more: Body = {}) =>
    must("PutItem", { TableName: "things", Item: { pk: { S: pk }, sk: { S: sk }, ...more } });
  const get = (pk: string, sk: string) =>
    must("GetItem", { TableName: "things", Key: { pk: { S: pk }, sk: { S: sk } } }).Item as
      | Record<string, unknown>
      | undefined;
  return { ...engine, clock, ask, must, refusal, put, get };
}
