/** Writes docs/openapi.json and docs/asyncapi.json; with `--check` it fails if they differ. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catchAll, rowsOf } from "../lib/route-table.ts";
import { methodAndPath } from "../platform/http/contract.ts";
import { openApiDocument } from "../platform/http/openapi.ts";
import { asyncApiDocument } from "../platform/realtime/asyncapi.ts";
import { commandPaths } from "../platform/tencent/openapi.ts";

const docs = join(import.meta.dirname, "../docs");
const endpoints = rowsOf("endpoint").filter(
  ({ contract }) => methodAndPath(contract)[1] !== catchAll,
);
const documents = {
  "openapi.json": openApiDocument(endpoints, commandPaths(rowsOf("command"))),
  "asyncapi.json": asyncApiDocument(rowsOf("socket")),
};

const stale: string[] = [];
for (const [name, document] of Object.entries(documents)) {
  const file = join(docs, name);
  const text = `${JSON.stringify(document, null, 1)}\n`;
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(`docs/${name}`);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`Not as the contracts say: ${stale.join(", ")}. Run: npm run documents`);
  process.exitCode = 1;
}
