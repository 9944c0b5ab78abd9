import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import * as sdkClient from "@aws-sdk/client-dynamodb";
import * as sdkCommands from "@aws-sdk/lib-dynamodb";
import { listen } from "../../../local/reachable.ts";
import { openClient } from "../../../platform/aws/aws-client.ts";
import * as ownClient from "../../../platform/aws/client-dynamodb.ts";
import * as ownCommands from "../../../platform/aws/lib-dynamodb.ts";

/** One request as it came to the counterpart. */
type Got = { method: string; url: string; headers: IncomingHttpHeaders; body: string };

/** How the counterpart answers one request. */
export type Answer = (response: ServerResponse, got: Got) => void;

/** The server of both clients: it records requests and sends the given responses in turn. */
export type Counterpart = {
  endpoint: string;
  got: Got[];
  connections(): number;
  /** Sets the next answers; the last one also answers all later requests. */
  answer(...answers: Answer[]): void;
  stop(): Promise<void>;
};

export async function startCounterpart(): Promise<Counterpart> {
  const got: Got[] = [];
  let answers: Answer[] = [];
  let connections = 0;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const one = { method, url, headers, body: Buffer.concat(chunks).toString("utf8") };
      got.push(one);
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      answer(response, one);
    });
  });
  server.on("connection", () => {
    connections += 1;
  });
  return {
    endpoint: `http://127.0.0.1:${await listen(server)}`,
    got,
    connections: () => connections,
    answer(...next) {
      answers = next;
      got.length = 0;
      connections = 0;
      server.closeAllConnections();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Answers a status with JSON, as the service does. */
export const says =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/x-amz-json-1.0",
      "x-amzn-requestid": "REQUEST",
      ...headers,
    });
    response.end(text);
  };

/** The AWS SDK's client, or our own. */
export type Whose = "sdk" | "own";
export const everybody: readonly Whose[] = ["sdk", "own"];

export const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };

/** The commands in use, of both clients. */
const commands = {
  sdk: sdkCommands,
  own: ownCommands as unknown as typeof sdkCommands,
} as const;
export type CommandName = keyof typeof ownCommands & `${string}Command`;

export type Sender = {
  send(command: CommandName, input: object): Promise<Record<string, unknown>>;
  close(): void;
};

/** A client of the table as platform/table/table.ts makes it. */
export function openBoth(
  endpoint: string,
  settings: Record<string, unknown> = {},
): Record<Whose, Sender> {
  const open = (whose: Whose): Sender => {
    const { DynamoDBClient } =
      whose === "sdk" ? sdkClient : (ownClient as never as typeof sdkClient);
    const { DynamoDBDocumentClient } = commands[whose];
    const given = { endpoint, region: "eu-central-1", credentials, ...settings };
    const opened = openClient(DynamoDBClient, given);
    const client = DynamoDBDocumentClient.from(opened, {
      marshallOptions: { removeUndefinedValues: true },
    });
    return {
      send: async (name, input) => {
        const command = new commands[whose][name](input as never);
        return withoutMetadata(await client.send(command as never)) as never;
      },
      close: () => opened.destroy(),
    };
  };
  return { sdk: open("sdk"), own: open("own") };
}

/** The SDK's answers have metadata, which nobody reads. */
function withoutMetadata(answer: unknown): object {
  const { $metadata: _, ...told } = answer as Record<string, unknown>;
  return told;
}

/** The SDK's message for an error of Jest's outer realm, which is no `Error` of the inner one. */
const wrapped = /^AWS SDK error wrapper for (\w+): (.*)$/;

/** A call's outcome, without metadata. */
export async function endOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: withoutMetadata(await call) };
  } catch (thrown) {
    const error = thrown as Error & Record<string, unknown>;
    const { $fault, $metadata, Item, CancellationReasons } = error;
    // The SDK adds a hint to the error of an unreadable response.
    const [line = ""] = error.message.split("\n");
    const [, name = error.name, message = line] = wrapped.exec(line) ?? [];
    return { name, message, $fault, $metadata, Item, CancellationReasons };
  }
}
