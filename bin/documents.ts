/**
 * Writes docs/openapi.json, docs/asyncapi.json and the client's types of the events; with `--check`
 * it fails if they differ.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { catchAll, rowsOf } from "../lib/route-table.ts";
import { methodAndPath } from "../platform/http/contract.ts";
import { openApiDocument } from "../platform/http/openapi.ts";
import { asyncApiDocument } from "../platform/realtime/asyncapi.ts";
import { commandPaths } from "../platform/tencent/openapi.ts";
import { clientTypes } from "./client-types.ts";

const root = join(import.meta.dirname, "..");
const endpoints = rowsOf("endpoint").filter(
  ({ contract }) => methodAndPath(contract)[1] !== catchAll,
);
const asyncApi = asyncApiDocument(rowsOf("socket"));
const json = (document: unknown) => `${JSON.stringify(document, null, 1)}\n`;
const documents = {
  "docs/openapi.json": json(openApiDocument(endpoints, commandPaths(rowsOf("command")))),
  "docs/asyncapi.json": json(asyncApi),
  "client/event-data.ts": clientTypes(asyncApi.components.schemas),
};

const stale: string[] = [];
for (const [name, text] of Object.entries(documents)) {
  const file = join(root, name);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(name);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`Not as the contracts say: ${stale.join(", ")}. Run: npm run documents`);
  process.exitCode = 1;
}
