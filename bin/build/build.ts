/** Bundles every function of the route table: `dist/<name>/index.cjs`. */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { flatName } from "../../lib/stages/names.ts";
import { buildDocs, docsSources } from "./build-docs.ts";
import { buildGuides, guideSources } from "./build-guides.ts";
import { placeThreads } from "./build-threads.ts";
import { lambdaBundle } from "./lambda-bundle.ts";
import { linkBundles } from "./link-bundles.ts";
import { removeOldFolders } from "./prune-folders.ts";
import { replaceFolder } from "./replace-folder.ts";
import { leaveOutUnused } from "./unused.ts";

const root = join(import.meta.dirname, "../..");
/** Where bundles are made; what is whole is moved to `dist`. */
const bundles = join(root, ".cache", "bundles");

/** A bundle's limit: what is larger starts measurably later on a cold start. */
const bytesMax = { own: 360 * 1024, sdk: 480 * 1024 };

/**
 * The bundles that have a whole description of the API or all guides in them, and grow with them.
 * Text is read faster than code, and nobody waits for it on the way to anything.
 */
const describing = { names: ["app-openapi", "app-docs-guides"], bytesMax: 752 * 1024 };

/** The functions that serve the reference or the guides, which are made with them. */
const docsEntries = ["app/docs", "app/docs-events", "app/docs-guides"];

/** Whose clients of AWS the bundles have: our own (platform/aws), or with `sdk` the SDK's. */
export type AwsClient = keyof typeof bytesMax;

/** Where bundles lie, apart for each client: neither is bundled again because of the other. */
const distOf = (client: AwsClient) => join(root, client === "own" ? "dist" : ".cache/dist-sdk");

/** AWS_CLIENT of the environment: `own` unless it says `sdk`. */
export function awsClient(): AwsClient {
  const found = process.env.AWS_CLIENT || "own";
  if (found !== "own" && found !== "sdk")
    throw new Error(`AWS_CLIENT: found ${found}, wanted own or sdk`);
  return found;
}

/** What stands in for a package in the bundles. */
const aliases: Record<AwsClient, Record<string, string>> = {
  own: {
    "@aws-sdk/client-dynamodb": "./platform/aws/client-dynamodb.ts",
    "@aws-sdk/client-secrets-manager": "./platform/aws/client-secrets.ts",
    "@aws-sdk/client-sqs": "./platform/aws/client-sqs.ts",
    "@aws-sdk/lib-dynamodb": "./platform/aws/lib-dynamodb.ts",
  },
  sdk: { "@aws-sdk/credential-provider-node": "./platform/aws/credentials.ts" },
};

/**
 * Names and files of the route table, of this checkout or another one, read as text so that nothing
 * has to be loaded.
 */
export function entryPoints(checkout = root): Record<string, string> {
  const table = readFileSync(join(checkout, "functions/index.ts"), "utf8");
  const lines = table.matchAll(/^export \* as "([^"]+)" from "\.\/([^"]+)";$/gm);
  return Object.fromEntries([...lines].map(([, name, file]) => [name, `functions/${file}`]));
}

/** All that is bundled: the functions, and the relay. */
export const bundledEntries = (): Record<string, string> => ({
  ...entryPoints(),
  relay: "relay/index.ts",
});

/** What decides how bundles are made. */
const bundlers = ["build", "lambda-bundle", "unused"].map((name) => `bin/build/${name}.ts`);

/** One hash over everything that a bundle is made from. */
function hashSources(client: AwsClient): string {
  const patterns = [
    "{functions,domain,platform,relay}/**/*.{ts,html,css}",
    "docs/*.json",
    ...docsSources,
    ...guideSources,
  ];
  const files = globSync(patterns, { cwd: root }).sort();
  const hash = createHash("sha256").update(`${client}\n`);
  for (const file of [...files, "package-lock.json", ...bundlers])
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** Where a bundle begins: what its function opens is opened, then there is its handler. */
const beginning = (file: string) => `import { contract, handler } from "./${file}";
import { initialize } from "./platform/runtime/init.ts";
initialize(contract.grants);
export { handler };
`;

const begin: Plugin = {
  name: "begin",
  setup(build) {
    const namespace = "beginning";
    build.onResolve({ filter: /^beginning:/ }, ({ path }) => ({
      path: path.slice(namespace.length + 1),
      namespace,
    }));
    build.onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: beginning(path),
      resolveDir: root,
    }));
  },
};

/** The pages that are texts of the bundles. */
async function definePages(): Promise<Record<string, string>> {
  const [docs, guides] = await Promise.all([buildDocs(), buildGuides()]);
  return { DOCS_PAGE: JSON.stringify(docs), GUIDES_PAGE: JSON.stringify(guides) };
}

/** Loaded only when something has to be made: most starts find it made. */
const loadEsbuild = () => import("esbuild");

/** How functions are bundled, whatever becomes of the outcome. */
export const bundleOptions = (client: AwsClient) =>
  ({
    ...lambdaBundle,
    // Tables of letters take half the bytes that escapes would.
    charset: "utf8",
    alias: aliases[client],
    loader: { ".html": "text", ".css": "text" },
    define: { "import.meta.dirname": "__dirname" },
    logLevel: "warning",
  }) satisfies BuildOptions;

/**
 * Bundles functions, all of the route table or some, into `<directory>/<name>/index.cjs`. Throws when
 * a source does not compile; answers the bundles' sizes in bytes, by their files.
 */
export async function bundleInto(
  directory: string,
  client: AwsClient,
  entries = bundledEntries(),
): Promise<Record<string, number>> {
  const hasDocs = Object.keys(entries).some((name) => docsEntries.includes(name));
  const { build: bundle } = await loadEsbuild();
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([name, file]) => ({
      in: `beginning:${file}`,
      out: `${flatName(name)}/index`,
    })),
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    ...bundleOptions(client),
    // For stacks in the log (platform/runtime/log.ts); a start does not read it.
    sourcemap: "external",
    sourcesContent: false,
    define: { "import.meta.dirname": "__dirname", ...(hasDocs && (await definePages())) },
    plugins: [begin, leaveOutUnused],
    metafile: true,
  });
  const outputs = Object.entries(metafile.outputs);
  await placeThreads(root, metafile.outputs);
  const files = outputs.map(([file, { bytes }]) => [file, bytes] as const);
  return Object.fromEntries(files.filter(([file]) => file.endsWith(".cjs")));
}

/** Number of bundling steps: for all functions at once esbuild needs 1.7 GB. */
const batches = 3;

/**
 * Bundles all functions of the route table, in esbuild processes of its own that end with it: none
 * collects its garbage, which is a quarter of the work, and each ends before it has much. Only for
 * a process that does nothing else with esbuild meanwhile. Answers the sizes as `bundleInto` does.
 */
async function bundleAll(directory: string, client: AwsClient): Promise<Record<string, number>> {
  const { stop } = await loadEsbuild();
  const entries = Object.entries(bundledEntries());
  const size = Math.ceil(entries.length / batches);
  const sizes: Record<string, number> = {};
  const { GOGC } = process.env;
  // The runtime of Go reads it when esbuild is started.
  process.env.GOGC = "off";
  await stop();
  try {
    for (let at = 0; at < entries.length; at += size) {
      const batch = Object.fromEntries(entries.slice(at, at + size));
      Object.assign(sizes, await bundleInto(directory, client, batch));
      await stop();
    }
  } finally {
    if (GOGC === undefined) delete process.env.GOGC;
    else process.env.GOGC = GOGC;
    await stop();
  }
  return sizes;
}

/** Throws when a bundle, of these sizes by file, is larger than it may be. */
function checkSizes(sizes: Record<string, number>, client: AwsClient): void {
  const nameOf = (file: string) => file.split("/").slice(-2)[0]!;
  const mostOf = (file: string) => {
    if (describing.names.includes(nameOf(file))) return describing.bytesMax;
    // A relay starts once and runs for days: several functions in one, and a WebSocket server.
    return nameOf(file) === "relay" ? 1.25 * bytesMax[client] : bytesMax[client];
  };
  const large = Object.entries(sizes).filter(([file, bytes]) => bytes > mostOf(file));
  if (large.length === 0) return;
  const named = large.map(([file, bytes]) => `${nameOf(file)} ${bytes} of ${mostOf(file)}`);
  throw new Error(`Bundles of more bytes than they may have: ${named.join(", ")}`);
}

/**
 * Makes `dist/`, or with the SDK's clients `.cache/dist-sdk/`, unless it matches the sources, and
 * puts its bundles into an assembly, if one is given, that is synthesized at the same time. Answers
 * whether it had to. Throws when a source does not compile or a bundle is larger than it may be.
 */
export async function build(assembly?: string): Promise<{ built: boolean }> {
  const client = awsClient();
  const hash = hashSources(client);
  const dist = distOf(client);
  const hashFile = join(dist, "sources.sha256");
  const isNew = () => existsSync(hashFile) && readFileSync(hashFile, "utf8") === hash;
  const names = Object.keys(bundledEntries());
  // Looked at again afterwards: another process may have put others there in between.
  if (isNew() && (assembly === undefined || linkBundles(dist, names, assembly)) && isNew())
    return { built: false };
  const unfinished = join(bundles, `unfinished-${process.pid}`);
  mkdirSync(bundles, { recursive: true });
  removeOldFolders(bundles, 0);
  try {
    checkSizes(await bundleAll(unfinished, client), client);
    writeFileSync(join(unfinished, "sources.sha256"), hash);
    if (assembly !== undefined && !linkBundles(unfinished, names, assembly))
      throw new Error(`Bundles in ${unfinished} were removed while they were read`);
    replaceFolder(unfinished, dist);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return { built: true };
}

if (import.meta.main) {
  const { built } = await build(process.argv[2]);
  console.log(built ? `Bundled ${Object.keys(entryPoints()).length} functions` : "Bundles are new");
}
