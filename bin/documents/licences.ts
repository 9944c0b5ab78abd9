/**
 * `npm run -s licences`: lists the packages in the functions' bundles with their versions and
 * licences; with `--texts` also the licence text and notice of each. Exits with 1 for a package
 * without a licence, or with one that is not known to be permissive.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../build/build.ts";

const root = join(import.meta.dirname, "../..");
const dist = join(root, "dist");

/** SPDX names of licences that require at most a notice. */
const permissive = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
]);

type Package = { folder: string; name: string; version: string; licence: string };

/** The folder of each package that a source map names, `node_modules/name` or nested. */
function foldersIn(map: string): string[] {
  const { sources } = JSON.parse(readFileSync(map, "utf8")) as { sources: string[] };
  return sources.flatMap((source) => {
    const at = source.lastIndexOf("node_modules/");
    if (at < 0) return [];
    const [scope, name] = source.slice(at + "node_modules/".length).split("/");
    const folder = scope!.startsWith("@") ? `${scope}/${name}` : scope!;
    return [`${source.slice(source.indexOf("node_modules/"), at)}node_modules/${folder}`];
  });
}

function readPackage(folder: string): Package {
  const text = readFileSync(join(root, folder, "package.json"), "utf8");
  const { name, version, license = "none" } = JSON.parse(text) as Record<string, string>;
  return { folder, name: name!, version: version!, licence: license };
}

const isText = (file: string) => /^(licen[cs]e|notice|copying)/i.test(file);

/** The package's own licence text and notice. */
const textsOf = ({ folder }: Package): string =>
  readdirSync(join(root, folder))
    .filter(isText)
    .map((file) => readFileSync(join(root, folder, file), "utf8").trim())
    .join("\n\n");

await build();
const maps = readdirSync(dist)
  .map((name) => join(dist, name, "index.cjs.map"))
  .filter((file) => existsSync(file));
const packages = [...new Set(maps.flatMap(foldersIn))]
  .map(readPackage)
  .sort((a, b) => (a.folder < b.folder ? -1 : 1));
for (const one of packages) {
  console.log(`${one.name} ${one.version} ${one.licence}`);
  if (process.argv.includes("--texts")) console.log(`\n${textsOf(one)}\n`);
}
const others = packages.filter(({ licence }) => !permissive.has(licence));
for (const { name, licence } of others) console.error(`${name}: ${licence} needs a review`);
if (others.length > 0) process.exitCode = 1;
