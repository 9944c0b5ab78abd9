/**
 * The serverless broadcaster of the textbooks: connections in a table, and for each message a Scan
 * of them and one post per connection with the stock SDK client, all at once, from the handler.
 */
import { randomUUID } from "node:crypto";
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
} from "@aws-sdk/lib-dynamodb";
import { messageOf } from "./event.ts";

const TableName = process.env.TABLE_NAME;
const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const gateway = new ApiGatewayManagementApiClient({ endpoint: process.env.WS_ENDPOINT! });

type Event = {
  requestContext: { connectionId: string; eventType: "CONNECT" | "MESSAGE" | "DISCONNECT" };
  queryStringParameters?: { watch?: string };
  body?: string;
};

export async function handler({ requestContext, queryStringParameters, body }: Event) {
  const { connectionId, eventType } = requestContext;
  if (eventType === "DISCONNECT")
    await table.send(new DeleteCommand({ TableName, Key: { PK: connectionId } }));
  // Speakers do not watch, so that all peers have as many viewers.
  else if (eventType === "CONNECT" && queryStringParameters?.watch === "on")
    await table.send(new PutCommand({ TableName, Item: { PK: connectionId } }));
  else if (eventType === "MESSAGE") await broadcast(JSON.parse(body ?? "{}").content);
  return { statusCode: 200 };
}

async function broadcast(content: string): Promise<void> {
  const Data = JSON.stringify(messageOf(randomUUID(), content));
  const connections: string[] = [];
  let ExclusiveStartKey: Record<string, unknown> | undefined;
  do {
    const page = await table.send(new ScanCommand({ TableName, ExclusiveStartKey }));
    for (const { PK } of page.Items ?? []) connections.push(PK);
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  await Promise.all(connections.map((ConnectionId) => post(ConnectionId, Data)));
}

async function post(ConnectionId: string, Data: string): Promise<void> {
  try {
    await gateway.send(new PostToConnectionCommand({ ConnectionId, Data }));
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === 410)
      await table.send(new DeleteCommand({ TableName, Key: { PK: ConnectionId } }));
  }
}
