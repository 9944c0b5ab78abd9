/**
 * Migrates a table at an endpoint, and kills itself after some of its changes, as a power failure
 * would (`test/platform/migrate-killed.test.ts`).
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { openClient } from "../../platform/aws/aws-client.ts";
import { migrate } from "../../platform/table/migrate.ts";
import { credits } from "./migration.ts";

const { endpoint, tableName, credentials, changesMax } = JSON.parse(process.argv[2]!);
const given = { endpoint, credentials, region: "us-east-1", tryMilliseconds: 60_000 };
const opened = DynamoDBDocumentClient.from(openClient(DynamoDBClient, given), {
  marshallOptions: { removeUndefinedValues: true },
});
let changes = 0;
const client = Object.assign(Object.create(opened) as DynamoDBDocumentClient, {
  send(...given: Parameters<typeof opened.send>) {
    // Before this change is sent; others of its page may be in flight.
    if (given[0] instanceof UpdateCommand && ++changes > changesMax)
      process.kill(process.pid, "SIGKILL");
    return opened.send(...given);
  },
});
const options = { migrations: [credits], unitsPerSecond: 1e9, pause: async () => {} };
const oldest = await migrate(
  { client, tableName },
  { ...options, tell: (progress) => console.log(JSON.stringify(progress)) },
);
console.log(JSON.stringify({ oldest }));
