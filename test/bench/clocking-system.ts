/**
 * The stage `dev` on this machine with a different threshold of large rooms, in a separate process.
 * The parent process sends chat messages over IPC, and they are written to the table as the chat's
 * handler writes them. HTTP calls would take more CPU than what is measured.
 */
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { prepareTable } from "../../bin/start/demo.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";
import { createLog, startSystem } from "../../local/index.ts";
import { key } from "../../platform/table/keys.ts";

export type Saying = { streamId: string; n: number; content: string };

const [directory, port, largeRoomViewers] = process.argv.slice(2) as [string, string, string];
const picture = "https://assets.ovation.example/default-picture.png";
const speakerCount = 20;

/** Changes a copy of the assembly, because the cached one must keep its setting. */
async function writeAssembly(): Promise<string> {
  const made = await buildAssembly("dev", new AbortController().signal);
  const copy = join(directory, "assembly");
  cpSync(made, copy, { recursive: true });
  let changed = 0;
  for (const name of readdirSync(copy).filter((file) => file.endsWith(".template.json"))) {
    const text = readFileSync(join(copy, name), "utf8");
    const other = text.replace(/("LARGE_ROOM_VIEWERS":\s*)"\d+"/g, (_, name: string) => {
      changed += 1;
      return `${name}"${largeRoomViewers}"`;
    });
    writeFileSync(join(copy, name), other);
  }
  if (changed === 0) throw new Error("No function has LARGE_ROOM_VIEWERS");
  return copy;
}

const system = await startSystem({
  assemblyDirectory: writeAssembly,
  stageName: "dev",
  port: Number(port),
  dataDir: join(directory, "data"),
  log: createLog("off"),
  secrets: {},
  prepare: (made) => prepareTable(made, { demo: false }),
});
const { aws, stage } = system;
const table = DynamoDBDocumentClient.from(
  new DynamoDBClient({
    endpoint: aws.endpointUrl,
    region: stage.region,
    credentials: aws.credentialsFor("ovation-runner"),
  }),
);
const speakers = Array.from({ length: speakerCount }, (_, n) =>
  profileOf(n.toString(16).padStart(24, "0"), { given_name: "Deniz" }, new Date()),
);

async function say({ streamId, n, content }: Saying): Promise<void> {
  const now = new Date();
  const sender = speakers[n % speakerCount]!;
  const wish = NewStream.parse({ title: "Live" });
  const host = summaryOf(sender, picture);
  const stream = makeStream(wish, { id: streamId, host, defaultThumbnail: picture, now });
  const message = makeMessage({ content }, { stream, sender, n, now });
  const Item = { ...key.message(streamId, n), ...message };
  await table.send(new PutCommand({ TableName: stage.tables[0]!.name, Item }));
}

process.on("message", (saying: Saying) => {
  void say(saying).then(() => process.send?.({ said: saying.n }));
});
process.send?.("ready");
process.on("SIGTERM", async () => {
  setTimeout(() => process.exit(0), 4_000).unref();
  await system.stop();
  process.exit(0);
});
