/** `npm run build`: bundles every function of the route table, `dist/<name>/index.cjs`. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BuildOptions, Plugin } from "esbuild";
import { flatName } from "../../lib/stages/names.ts";
import { docsSources } from "./build-docs.ts";
import { definePages, guideSources } from "./build-guides.ts";
import { bundleThreads } from "./build-threads.ts";
import { type BundleOrder, createOrder } from "./bundle-order.ts";
import { type AwsClient, checkSizes } from "./bundle-sizes.ts";
import { lambdaBundle } from "./lambda-bundle.ts";
import { linkBundles } from "./link-bundles.ts";
import { removeOldFolders } from "./prune-folders.ts";
import { replaceFolder } from "./replace-folder.ts";
import { hashFiles } from "./source-graph.ts";
import { dropUnusedSchemas } from "./unused-schemas.ts";

const root = join(import.meta.dirname, "../..");
/** Where bundles are built; complete ones are moved to `dist`. */
const bundles = join(root, ".cache", "bundles");

/** The bundles' folder, one per client, so that switching clients rebuilds nothing. */
const distOf = (client: AwsClient) => join(root, client === "own" ? "dist" : ".cache/dist-sdk");

/** The environment's AWS_CLIENT, by default `own`. */
export function awsClient(): AwsClient {
  const found = process.env.AWS_CLIENT || "own";
  if (found !== "own" && found !== "sdk")
    throw new Error(`AWS_CLIENT: expected own or sdk, found ${found}`);
  return found;
}

/** Replacements for packages in the bundles. */
const aliases: Record<AwsClient, Record<string, string>> = {
  own: {
    "@aws-sdk/client-dynamodb": "./platform/aws/client-dynamodb.ts",
    "@aws-sdk/client-secrets-manager": "./platform/aws/client-secrets.ts",
    "@aws-sdk/client-sqs": "./platform/aws/client-sqs.ts",
    "@aws-sdk/lib-dynamodb": "./platform/aws/lib-dynamodb.ts",
  },
  sdk: { "@aws-sdk/credential-provider-node": "./platform/aws/credentials.ts" },
};

/** Names and files of a checkout's route table, read as text so that no module is loaded. */
export function entryPoints(checkout = root): Record<string, string> {
  const table = readFileSync(join(checkout, "functions/index.ts"), "utf8");
  const lines = table.matchAll(/^export \* as "([^"]+)" from "\.\/([^"]+)";$/gm);
  return Object.fromEntries([...lines].map(([, name, file]) => [name, `functions/${file}`]));
}

/** Everything to bundle: the functions and the relay. */
export const bundledEntries = (): Record<string, string> => ({
  ...entryPoints(),
  relay: "relay/index.ts",
});

/** One hash over all sources of the bundles, and over those that determine how they are built. */
function hashSources(client: AwsClient): string {
  return hashFiles(root, client, [
    "{functions,domain,platform,relay}/**/*.{ts,html,css}",
    "bin/build/{build,build-threads,lambda-bundle,unused-schemas}.ts",
    "docs/*.json",
    ...docsSources,
    ...guideSources,
    "package-lock.json",
  ]);
}

/** A bundle's entry point: opens the function's connections, then exports its handler. */
const beginning = (file: string) => `import { contract, handler } from "./${file}";
import { initialize } from "./platform/runtime/caches.ts";
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

/** Loaded on demand: most starts find everything built. */
const loadEsbuild = () => import("esbuild");

/** Options of every bundle of functions. */
export const bundleOptions = (client: AwsClient) =>
  ({
    ...lambdaBundle,
    // Tables of letters take half as many bytes as with escapes.
    charset: "utf8",
    alias: aliases[client],
    loader: { ".html": "text", ".css": "text" },
    define: { "import.meta.dirname": "__dirname" },
    logLevel: "warning",
  }) satisfies BuildOptions;

/**
 * Bundles functions, by default all, into `<directory>/<name>/index.cjs`. Returns the bundles'
 * sizes in bytes by file. Throws if a source does not compile.
 */
export async function bundleInto(
  directory: string,
  client: AwsClient,
  entries = bundledEntries(),
): Promise<Record<string, number>> {
  const pages = await definePages(Object.keys(entries));
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
    // For stack traces in the log (platform/runtime/log.ts); cold starts do not read it.
    sourcemap: "external",
    sourcesContent: false,
    define: { "import.meta.dirname": "__dirname", ...pages },
    plugins: [begin, dropUnusedSchemas],
    metafile: true,
  });
  const outputs = Object.entries(metafile.outputs);
  await bundleThreads(root, metafile.outputs);
  const files = outputs.map(([file, { bytes }]) => [file, bytes] as const);
  return Object.fromEntries(files.filter(([file]) => file.endsWith(".cjs")));
}

/**
 * Bundles all functions in separate esbuild processes without garbage collection, which would take
 * a quarter of the time; each ends before it uses much memory. The calling process must not use
 * esbuild for anything else meanwhile. Calls `onBatch` with the names of each finished batch.
 * Returns the sizes like `bundleInto`.
 */
async function bundleAll(
  directory: string,
  client: AwsClient,
  order: BundleOrder,
  onBatch: (names: string[]) => void,
): Promise<Record<string, number>> {
  const { stop } = await loadEsbuild();
  const entries = bundledEntries();
  const sizes: Record<string, number> = {};
  const { GOGC } = process.env;
  // Go's runtime reads it when esbuild starts.
  process.env.GOGC = "off";
  await stop();
  try {
    for (let names = await order.next(); names; names = await order.next()) {
      const batch = Object.fromEntries(names.map((name) => [name, String(entries[name])]));
      Object.assign(sizes, await bundleInto(directory, client, batch));
      await stop();
      onBatch(names);
    }
  } finally {
    if (GOGC === undefined) delete process.env.GOGC;
    else process.env.GOGC = GOGC;
    await stop();
  }
  return sizes;
}

/**
 * Builds `dist/` (`.cache/dist-sdk/` with the SDK's clients) unless it matches the sources. Links
 * the bundles into `assembly`, if given, which may be synthesized at the same time, and calls
 * `onLinked` with the names of those that are there. Returns whether it built anything. Throws if a
 * source does not compile or a bundle exceeds its limit.
 */
export async function build(
  assembly?: string,
  order = createOrder(Object.keys(bundledEntries()), false),
  onLinked: (names: string[]) => void = () => undefined,
): Promise<{ built: boolean }> {
  const client = awsClient();
  const hash = hashSources(client);
  const dist = distOf(client);
  const hashFile = join(dist, "sources.sha256");
  const isNew = () => existsSync(hashFile) && readFileSync(hashFile, "utf8") === hash;
  const names = Object.keys(bundledEntries());
  // Checked again after linking: another process may have replaced the bundles meanwhile.
  if (isNew() && (assembly === undefined || linkBundles(dist, names, assembly)) && isNew()) {
    onLinked(names);
    return { built: false };
  }
  const unfinished = join(bundles, `unfinished-${process.pid}`);
  mkdirSync(bundles, { recursive: true });
  removeOldFolders(bundles, 0);
  const link = (batch: string[]) => {
    if (assembly !== undefined && !linkBundles(unfinished, batch, assembly))
      throw new Error(`Bundles in ${unfinished} were removed during the build`);
    onLinked(batch);
  };
  try {
    checkSizes(await bundleAll(unfinished, client, order, link), client);
    writeFileSync(join(unfinished, "sources.sha256"), hash);
    replaceFolder(unfinished, dist);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return { built: true };
}

/** Messages of a starting system: a function to bundle next, or to continue with the others. */
export type BuildOrder = { prefer: string } | { release: true };

/** Runs this file as a program: for a starting system (assembly.ts), or for `npm run build`. */
async function main([assembly]: readonly string[]): Promise<void> {
  if (assembly?.startsWith("-")) {
    console.error(`Expected no options, found '${assembly}'\nUsage: npm run build`);
    process.exit(2);
  }
  const order = createOrder(Object.keys(bundledEntries()), process.connected);
  process.on("message", (message: BuildOrder) => {
    if ("prefer" in message) order.prefer(message.prefer);
    else order.release();
  });
  // The system has ended, or this program has finished.
  process.once("disconnect", () => process.exit());
  const { built } = await build(assembly, order, (names) => process.send?.(names));
  console.log(
    built ? `Bundled ${Object.keys(entryPoints()).length} functions` : "Bundles are current",
  );
  process.disconnect?.();
}

if (import.meta.main) void main(process.argv.slice(2));
