/**
 * `npm run prepare`, which `npm ci` runs: writes the client's types of events and calls from the
 * API descriptions. Git has only the descriptions.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clientOperations } from "./client-operations.ts";
import { declarationOf, documented, namesIn, type Schema, typeOf } from "./schema-types.ts";

const root = join(import.meta.dirname, "../..");
const textOf = (file: string) => readFileSync(join(root, file), "utf8");

/** Writes both files; unchanged ones stay untouched for those who read them meanwhile. */
export function writeClientTypes(): void {
  const events = eventTypes(JSON.parse(textOf("docs/asyncapi.json")).components.schemas);
  const operations = clientOperations(JSON.parse(textOf("docs/openapi.json")), events);
  for (const [name, text] of Object.entries({ "event-data": events, operations })) {
    const file = `client/${name}.ts`;
    if (!existsSync(join(root, file)) || textOf(file) !== text)
      writeFileSync(join(root, file), text);
  }
}

const event = "event.";

/**
 * Generates the client's event types from the description of the WebSocket API, so that the client
 * knows exactly the events that the server validates.
 */
function eventTypes(schemas: Record<string, Schema>): string {
  const events = Object.keys(schemas).filter((name) => name.startsWith(event));
  const parts = namesIn(
    events.map((name) => schemas[name]),
    schemas,
  ).filter((name) => !name.startsWith(event));
  const lines = [
    "/* Made from docs/asyncapi.json by `npm run prepare`: do not edit. */",
    "",
    ...parts.flatMap((name) => declarationOf(name, schemas[name]!)),
    "/** The data of every event, by its type. */",
    "export type EventData = {",
  ];
  for (const name of events) {
    const data = schemas[name]!.properties!.data!;
    lines.push(
      ...documented(data, "  "),
      `  "${name.slice(event.length)}": ${typeOf(data, "  ")};`,
    );
  }
  return `${[...lines, "};"].join("\n")}\n`;
}

if (import.meta.main) writeClientTypes();
