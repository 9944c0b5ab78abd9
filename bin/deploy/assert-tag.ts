/**
 * `npm run assert-tag -- v1.2.3`: exits with 1 unless a tag is `v` and the version of the package
 * and of its client.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [tag = ""] = process.argv.slice(2);
for (const file of ["package.json", "client/package.json"]) {
  const text = readFileSync(join(import.meta.dirname, "../..", file), "utf8");
  const { version } = JSON.parse(text) as { version: string };
  if (tag === `v${version}`) continue;
  console.error(`The tag is ${tag || "missing"}, and ${file} has ${version}: expected v${version}`);
  process.exitCode = 1;
}
