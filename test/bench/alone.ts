import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { build } from "esbuild";
import { bundleInto, entryPoints } from "../../bin/build/build.ts";
import type { AwsClient } from "../../bin/build/bundle-sizes.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { startEngine } from "../../local/aws/engine.ts";
import { openState } from "../../local/state.ts";
import { openClient } from "../../platform/aws/aws-client.ts";
import { newId } from "../../platform/runtime/id.ts";
import { recordStream } from "../../platform/store/streams/stream-changes.ts";
import { endDeployment } from "../../platform/table/ownership.ts";
import { useTable } from "../../platform/table/table.ts";
import { liveStreamOf } from "../platform/live-stream.ts";
import { createTable, everyRate } from "../platform/table.ts";
import type { Figures, Work } from "./alone-function.ts";
import { print, quantile, round } from "./figures.ts";

const rounds = 3;
const picture = "https://cdn.example.com/person.png";
export const functionName = "chat/send-message";

/** A table with one live stream on the runner's engine, served by an endpoint of this process. */
export async function startTable(tableName: string, blockedWords: string[] = []) {
  const state = openState(":memory:");
  const tables = [{ name: tableName, arn: "", streamArn: "", createTable }];
  const engine = await startEngine({ state, tables, log: console.error });
  const { endpoint, credentials } = engine;
  const opened = openClient(DynamoDBClient, { endpoint, credentials, region: "us-east-1" });
  const client = DynamoDBDocumentClient.from(opened, {
    marshallOptions: { removeUndefinedValues: true },
  });
  useTable(client);
  await endDeployment({ client, tableName }, { stage: "dev", release: "0.0.0" });
  const host = summaryOf(profileOf("host", {}, new Date()), picture);
  const stream = liveStreamOf(host, { id: newId(new Date()), blockedWords });
  await recordStream(stream);
  const stop = async () => {
    opened.destroy();
    await engine.stop();
    state.close();
  };
  return { endpoint, credentials, streamId: stream.id, stop };
}

/** The environment of the function's process: as on Lambda, nothing from this machine. */
export const environmentOf = (
  tableName: string,
  table: Awaited<ReturnType<typeof startTable>>,
) => ({
  AWS_ENDPOINT_URL: table.endpoint,
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: table.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: table.credentials.secretAccessKey,
  AWS_SESSION_TOKEN: table.credentials.sessionToken ?? "",
  AWS_CONFIG_FILE: "/dev/null",
  AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  AWS_LAMBDA_FUNCTION_NAME: "alone",
  STAGE: "dev",
  TABLE_NAME: tableName,
  ORIGINS: "*",
  DEFAULT_PICTURE: picture,
  RESERVED_USERNAMES: "",
  REQUESTS_PER_SECOND: "1000000",
  RATES: everyRate(1_000_000, 1_000_000),
});

/**
 * `chat/send-message` alone in a process, with the AWS SDK and with our own client: CPU of its cold
 * start and of its calls. The table runs in the benchmark's process.
 */
export async function benchAlone(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "ovation-alone-"));
  const tableName = "ovation-alone";
  process.env.TABLE_NAME = tableName;
  const table = await startTable(tableName);
  const environment = environmentOf(tableName, table);
  const entries = { [functionName]: entryPoints()[functionName]! };
  const clients: AwsClient[] = ["sdk", "own"];
  const fileOf = (client: AwsClient) =>
    join(directory, client, functionName.replace("/", "-"), "index.cjs");
  const figures = { sdk: [] as Figures[], own: [] as Figures[] };
  try {
    for (const client of clients) await bundleInto(join(directory, client), client, entries);
    const program = await buildProgram(directory);
    for (let round = 0; round < rounds; round++)
      for (const client of clients)
        figures[client].push(
          await runAlone(program, { file: fileOf(client), streamId: table.streamId }, environment),
        );
    const median = (client: AwsClient, of: (one: Figures) => number) =>
      quantile(figures[client].map(of), 0.5);
    const row = (name: string, of: (one: Figures) => number) => {
      const [sdk, own] = [median("sdk", of), median("own", of)];
      return { figure: name, sdk: round(sdk), own: round(own), "own / sdk": round(own / sdk) };
    };
    const kilobytes = clients.map((client) => statSync(fileOf(client)).size / 1024);
    print(`A single function (${functionName}, medians of ${rounds})`, [
      {
        figure: "bundle, KB",
        sdk: round(kilobytes[0]!),
        own: round(kilobytes[1]!),
        "own / sdk": round(kilobytes[1]! / kilobytes[0]!),
      },
      row("init, CPU ms", ({ init }) => init),
      ...figures.own[0]!.calls.map(({ from, to }, at) =>
        row(`calls ${from} to ${to}, CPU ms each`, ({ calls }) => calls[at]!.cpuMilliseconds),
      ),
      row("memory after the last call, MB", ({ rss }) => rss),
    ]);
  } finally {
    await table.stop();
    rmSync(directory, { recursive: true });
  }
}

/**
 * `alone-function.ts` as JavaScript: stripping types would cost the process a thread and memory.
 */
export async function buildProgram(directory: string): Promise<string> {
  const source = join(import.meta.dirname, "alone-function.ts");
  const program = join(directory, "function.mjs");
  await build({ entryPoints: [source], outfile: program, platform: "node", format: "esm" });
  return program;
}

/** Runs the program in a separate process. */
export function runAlone(
  program: string,
  work: Work,
  env: Record<string, string>,
): Promise<Figures> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, JSON.stringify(work)],
      { env },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${stderr}${stdout}`));
        else resolve(JSON.parse(stdout) as Figures);
      },
    );
  });
}
