/**
 * `npm run documents [-- --check]`: writes docs/openapi.json, docs/asyncapi.json, docs/errors.md
 * and the tables of docs/architecture.md and docs/measurements.md, and from them the client's
 * types; with `--check` it fails if they differ.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { architecture } from "./architecture.ts";
import { writeClientTypes } from "./client-types.ts";
import { compatibility } from "./compatibility.ts";
import { asyncApi, openApi as described } from "./descriptions.ts";
import { errorGuide } from "./error-guide.ts";
import { withTable } from "./generated-table.ts";
import type { MessageExample } from "./message-examples.ts";
import { withWebhooks } from "./webhooks.ts";

const root = join(import.meta.dirname, "../..");
const openApi = withWebhooks(withExamples(described), asyncApi.components);
/** docs/units.json: the table calls and units of each call. */
type Units = Record<string, { steps: number; calls: number; read: number; write: number }>;

/** Returns docs/measurements.md with its table of calls generated from the recorded units. */
const measurements = (text: string, units: Units): string =>
  withTable(
    text,
    { name: "calls", from: "units.json" },
    ["call", "steps", "calls", "read units", "write units"],
    Object.entries(units).map(([name, { steps, calls, read, write }]) => [
      name,
      steps,
      calls,
      read,
      write,
    ]),
  );

type Media = Record<string, { example?: unknown; examples?: unknown }>;
type Operation = {
  operationId: string;
  requestBody?: { content: Media };
  responses: Record<string, { content?: Media }>;
};

/** Returns the document with recorded requests and responses (`npm run examples`). */
function withExamples(document: typeof described) {
  const file = join(root, "docs/examples.json");
  const examples = JSON.parse(readFileSync(file, "utf8")) as Record<
    string,
    { request?: unknown; answer?: unknown }
  >;
  const made = withoutUnused(document);
  const names = JSON.stringify(made.paths);
  const lost = Object.keys(examples).filter((name) => !names.includes(`"operationId":"${name}"`));
  if (lost.length > 0) throw new Error(`docs/examples.json: unknown operation ${lost}`);
  for (const item of Object.values(made.paths ?? {}))
    for (const { operationId, requestBody, responses } of Object.values(item) as Operation[]) {
      const { request, answer } = examples[operationId] ?? {};
      const success = Object.entries(responses).find(([code]) => code < "400")?.[1];
      const [taken, given] = [requestBody, success].map(
        (one) => one?.content?.["application/json"],
      );
      // `example` and `examples` are mutually exclusive (OpenAPI 3.1, Media Type Object).
      if (taken && !taken.examples && request !== undefined) taken.example = request;
      if (given && !given.examples && answer !== undefined) given.example = answer;
    }
  return made;
}

/** Returns the document with recorded messages and events of sockets and webhooks. */
function withMessageExamples(document: typeof asyncApi) {
  const file = join(root, "docs/message-examples.json");
  const examples: Record<string, MessageExample> = JSON.parse(readFileSync(file, "utf8"));
  const { messages, schemas } = structuredClone(document.components);
  for (const [name, example] of Object.entries(examples)) {
    const message = messages[name];
    const schema = schemas[name];
    if (message !== undefined) Object.assign(message, { examples: [example] });
    else if (schema !== undefined) Object.assign(schema, { examples: [example.payload] });
    else throw new Error(`docs/message-examples.json: unknown message ${name}`);
  }
  return { ...document, components: { ...document.components, messages, schemas } };
}

/** Removes shared failure responses that no operation refers to. */
function withoutUnused(document: typeof described) {
  const text = JSON.stringify(document.paths);
  const responses = Object.entries(document.components?.responses ?? {}).filter(([name]) =>
    text.includes(`"#/components/responses/${name}"`),
  );
  const components = { ...document.components, responses: Object.fromEntries(responses) };
  return { ...document, components };
}

const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const json = (document: unknown) => `${JSON.stringify(document, null, 1)}\n`;
const documents = {
  "docs/openapi.json": json(openApi),
  "docs/asyncapi.json": json(withMessageExamples(asyncApi)),
  "docs/compatibility.md": compatibility(openApi.paths as Parameters<typeof compatibility>[0]),
  "docs/errors.md": errorGuide(openApi.paths as Parameters<typeof errorGuide>[0]),
  "docs/architecture.md": architecture(
    textOf("docs/architecture.md"),
    JSON.parse(textOf("docs/import-rules.json")),
  ),
  "docs/measurements.md": measurements(
    textOf("docs/measurements.md"),
    JSON.parse(textOf("docs/units.json")),
  ),
};

const stale: string[] = [];
for (const [name, text] of Object.entries(documents)) {
  const file = join(root, name);
  if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
  stale.push(name);
  if (!process.argv.includes("--check")) writeFileSync(file, text);
}
if (process.argv.includes("--check") && stale.length > 0) {
  console.error(`Out of date: ${stale.join(", ")}. Run: npm run documents`);
  process.exitCode = 1;
}
writeClientTypes();
