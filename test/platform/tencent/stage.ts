import { DeleteCommand } from "@aws-sdk/lib-dynamodb";
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { key } from "../../../platform/table/keys.ts";
import { answerService } from "../aws-double.ts";
import { openQueue } from "../queue-double.ts";
import { startTable } from "../table.ts";
import { makeUserSig } from "./sign.ts";

export const secretKey = "test-secret-key-000000000000000000000000000000000000000000000001";

/**
 * A stage for commands: a table, Secrets Manager with the application's key, and a queue that
 * accepts all messages, which `sent` lists.
 */
export async function startTencentStage() {
  const secret = { value: secretKey, reads: 0 };
  const sent: Record<string, unknown>[] = [];
  answerService("secretsmanager", () => {
    secret.reads += 1;
    return { SecretString: secret.value };
  });
  openQueue("NOTICES_QUEUE_URL", {
    accept: ({ MessageBody }) => `sent-${sent.push(JSON.parse(MessageBody))}`,
    postpone: () => {},
  });
  Object.assign(process.env, {
    TENCENT_SDK_APP_ID: "1400000001",
    TENCENT_ADMINISTRATORS: "administrator,second",
    TENCENT_SECRET_ARN: "arn:aws:secretsmanager:us-east-1:000000000000:secret:tencent",
  });
  const table = await startTable();
  /** Calls a command without its limit of one call per second. */
  async function callRested({ contract, handler }: Command, calling: Calling = {}) {
    const name = contract.command.split("/")[1]!;
    const Key = key.commandRate(1400000001, name);
    await table.client.send(new DeleteCommand({ TableName: process.env.TABLE_NAME, Key }));
    return callCommand(handler, calling);
  }
  return {
    secret,
    sent,
    client: table.client,
    callRested,
    stop: table.stop,
  };
}

type Command = { contract: { command: string }; handler: Handler };
type Handler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

type Calling = {
  body?: unknown;
  /** The unmodified body, instead of `body`. */
  raw?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
};

/** A query with which an administrator is admitted. */
export const goodQuery = (identifier = "administrator") => ({
  sdkappid: "1400000001",
  identifier,
  usersig: makeUserSig({ secretKey, identifier }),
  random: "99999999",
  contenttype: "json",
});

/** Calls a command's function as the gateway does. */
export async function callCommand(handler: Handler, calling: Calling = {}) {
  const { body = {}, raw, query = goodQuery(), headers = {} } = calling;
  const values = Object.entries(query).map(([name, value]) => [name, [value].flat()]);
  const answer = await handler({
    path: "/live_engine_http_srv/test",
    body: raw ?? JSON.stringify(body),
    isBase64Encoded: false,
    headers,
    multiValueQueryStringParameters: Object.fromEntries(values),
    requestContext: { requestId: "request-1", identity: { sourceIp: "203.0.113.7" } },
  } as unknown as APIGatewayProxyEvent);
  return { ...answer, body: JSON.parse(answer.body) };
}
