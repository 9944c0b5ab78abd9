import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { awsClient } from "./build.ts";
import { docsSources } from "./build-docs.ts";
import { cdkCommand } from "./cdk.ts";

const root = join(import.meta.dirname, "..");
const assemblies = join(root, ".cache", "assembly");

/** This many assemblies are kept, and every one that a running system may still read from. */
const keptMax = 3;
const unusedMilliseconds = 3600_000;

/** Everything that the templates and the bundles are made from. */
const sources = [
  "bin/{app,build}.ts",
  "{lib,functions,domain,platform}/**/*",
  "docs/*.json",
  ...docsSources,
  "{package,package-lock,cdk}.json",
];

/** One hash over the sources, a few dozen milliseconds for the whole project. */
export function hashSources(): string {
  const hash = createHash("sha256").update(`${awsClient()}\n`);
  for (const file of globSync(sources, { cwd: root }).sort()) {
    if (!statSync(join(root, file)).isFile()) continue;
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/**
 * The folder of the assembly that the runner runs, bundled and synthesized again when a source has
 * changed. Rejects with what CDK or esbuild said when the sources
 * cannot be synthesized.
 */
export async function buildAssembly(stage: string, signal: AbortSignal): Promise<string> {
  const directory = join(assemblies, `${stage}-${hashSources().slice(0, 24)}`);
  // Its time tells other runs of this project that it is still in use.
  const touch = () => isWritable(directory) && utimesSync(directory, new Date(), new Date());
  setInterval(touch, unusedMilliseconds / 6).unref();
  if (existsSync(join(directory, "manifest.json"))) {
    touch();
    return directory;
  }
  mkdirSync(assemblies, { recursive: true });
  const unfinished = join(assemblies, `unfinished-${process.pid}`);
  try {
    await synthesize(stage, unfinished, signal);
    // Made elsewhere and moved at once, so that a start that was ended leaves no half of one.
    if (!existsSync(directory)) renameSync(unfinished, directory);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  removeOld();
  return directory;
}

/** In an image the checkout is nobody's to write: what was made with it stays as it is. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function synthesize(stage: string, directory: string, signal: AbortSignal): Promise<void> {
  const options = ["-q", "--validation=false", "-c", `stage=${stage}`, "-o", directory];
  const { program, given, env } = cdkCommand("synth", options);
  const stdio = ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"];
  const child = spawn(program, given, { cwd: root, signal, stdio, env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`The stage ${stage} cannot be synthesized:\n${said.trim()}`);
}

function removeOld(): void {
  const folders = readdirSync(assemblies).map((name) => ({
    path: join(assemblies, name),
    time: statSync(join(assemblies, name)).mtimeMs,
    isUnfinished: name.startsWith("unfinished-"),
  }));
  folders.sort((a, b) => b.time - a.time);
  const finished = folders.filter(({ isUnfinished }) => !isUnfinished);
  // A start that was killed leaves what it had made by then.
  const unfinished = folders.filter(({ isUnfinished }) => isUnfinished);
  for (const { path, time } of [...finished.slice(keptMax), ...unfinished])
    if (Date.now() - time > unusedMilliseconds) rmSync(path, { recursive: true, force: true });
}
