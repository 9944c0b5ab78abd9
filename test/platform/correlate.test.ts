import {
  BatchGetCommand,
  BatchWriteCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from "@aws-sdk/lib-dynamodb";
import { beginInvocation } from "../../platform/runtime/deadline.ts";
import { key } from "../../platform/table/keys.ts";
import { correlate } from "../../platform/table/table.ts";

const shown = key.member("stream", "ann");
const hidden = key.connection("connection");

/** The headers that a client sends in the invocation with the id `call`. */
async function sent(command: { input: object }): Promise<string> {
  const inputs: string[] = [];
  const send = async ({ input }: { input: object }) => void inputs.push(JSON.stringify(input));
  const client = correlate({ send } as unknown as DynamoDBDocumentClient);
  beginInvocation(undefined, "call");
  await client.send(command as PutCommand);
  return inputs.join();
}

const TableName = "table";
const update = { UpdateExpression: "SET a = b" };
const writes: [name: string, (Key: object) => { input: object }][] = [
  ["a put", (Key) => new PutCommand({ TableName, Item: { ...Key } })],
  ["an update", (Key) => new UpdateCommand({ TableName, Key: { ...Key }, ...update })],
  [
    "a transaction",
    (Key) =>
      new TransactWriteCommand({
        TransactItems: [{ Update: { TableName, Key: { ...Key }, ...update } }],
      }),
  ],
  [
    "a batch",
    (Item) =>
      new BatchWriteCommand({
        RequestItems: {
          [TableName]: [{ DeleteRequest: { Key: hidden } }, { PutRequest: { Item } }],
        },
      }),
  ],
];

test.each(writes)(
  "%s of data that viewers see contains the call's correlation id, of other data it does not",
  async (_, write) => {
    expect(await sent(write(shown))).toMatch(/correlationId":"call"/);
    expect(await sent(write(hidden))).not.toMatch(/correlationId/);
  },
);

test("reads and deletions are sent unchanged", async () => {
  const read = new BatchGetCommand({ RequestItems: { [TableName]: { Keys: [shown] } } });
  const remove = new DeleteCommand({ TableName, Key: shown });
  for (const command of [read, remove]) {
    const before = JSON.stringify(command.input);
    expect(await sent(command)).toBe(before);
  }
});
