import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { build as buildFunctions } from "../../bin/build/build.ts";
import { lambdaBundle } from "../../bin/build/lambda-bundle.ts";
import { print, quantile, round } from "./figures.ts";

const root = join(import.meta.dirname, "../..");
const runs = 7;

type Load = { milliseconds: number; cpuMilliseconds: number };

/**
 * A cold load in a separate process. On a busy machine CPU time is more reliable than wall time.
 */
function coldLoad(file: string): Load {
  const code = `const c=process.cpuUsage(),t=performance.now();require(${JSON.stringify(file)});
const d=process.cpuUsage(c);console.log(JSON.stringify({milliseconds:performance.now()-t,cpuMilliseconds:(d.user+d.system)/1e3}))`;
  return JSON.parse(execFileSync(process.execPath, ["-e", code], { env: {} }).toString());
}

/** A PNG of one pixel. */
const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

/** The first picture of a separate process: the codec's thread starts and decodes one pixel. */
function codecStart(directory: string): Load {
  const [file, codec] = ["resize-worker.cjs", "photon.wasm"].map((name) => join(directory, name));
  const code = `const{Worker}=require("node:worker_threads"),c=process.cpuUsage(),t=performance.now();
const bytes=new Uint8Array(Buffer.from(${JSON.stringify(pixel)},"base64"));
const codec=new WebAssembly.Module(require("node:fs").readFileSync(${JSON.stringify(codec)}));
new Worker(${JSON.stringify(file)},{workerData:{bytes,codec},env:{},execArgv:[]}).once("message",()=>{
const d=process.cpuUsage(c);console.log(JSON.stringify({milliseconds:performance.now()-t,cpuMilliseconds:(d.user+d.system)/1e3}))})`;
  return JSON.parse(execFileSync(process.execPath, ["-e", code], { env: {} }).toString());
}

/** A handler that only creates the DynamoDB client, bundled like ours. */
async function buildBare(directory: string): Promise<string> {
  const outfile = join(directory, "bare.cjs");
  await build({
    stdin: {
      contents: `import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
const table = DynamoDBDocumentClient.from(new DynamoDBClient({ region: "us-east-1" }));
export const handler = () => [table, GetCommand, PutCommand, QueryCommand, TransactWriteCommand, UpdateCommand];`,
      resolveDir: root,
    },
    outfile,
    ...lambdaBundle,
  });
  return outfile;
}

/** Size and cold import of every bundle, compared with a handler that imports only the client. */
export async function benchBundles(): Promise<void> {
  await buildFunctions();
  const directory = mkdtempSync(join(tmpdir(), "ovation-bench-"));
  const bare = await buildBare(directory);
  const dist = join(root, "dist");
  const files = readdirSync(dist, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, file: join(dist, name, "index.cjs") }));
  const all = [{ name: "(bare client)", file: bare }, ...files];
  const loads = new Map(all.map(({ name }) => [name, [] as Load[]]));
  // In rounds, so that a slow moment of the machine affects all bundles.
  for (let run = 0; run < runs; run++)
    for (const { name, file } of all) loads.get(name)!.push(coldLoad(file));
  const median = (name: string, what: keyof Load) =>
    quantile(
      loads.get(name)!.map((load) => load[what]),
      0.5,
    );
  const ratio = (name: string, what: keyof Load) =>
    round(median(name, what) / median("(bare client)", what));
  const rows = all.map(({ name, file }) => ({
    bundle: name,
    KB: round(statSync(file).size / 1024),
    "cold import ms": round(median(name, "milliseconds")),
    ratio: ratio(name, "milliseconds"),
    "CPU ms": round(median(name, "cpuMilliseconds")),
    "CPU ratio": ratio(name, "cpuMilliseconds"),
  }));
  rmSync(directory, { recursive: true });
  const codec = join(dist, "users-change-photo");
  const starts = Array.from({ length: runs }, () => codecStart(codec));
  print("The picture codec's thread: a fresh process, a picture of one pixel", [
    {
      KB: round(statSync(join(codec, "photon.wasm")).size / 1024),
      ms: round(
        quantile(
          starts.map(({ milliseconds }) => milliseconds),
          0.5,
        ),
      ),
      "CPU ms": round(
        quantile(
          starts.map(({ cpuMilliseconds }) => cpuMilliseconds),
          0.5,
        ),
      ),
    },
  ]);
  print("Bundles (targets: ratio at most 1.35, at most 480 KB)", rows);
}
