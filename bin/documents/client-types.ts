import { declarationOf, documented, namesIn, type Schema, typeOf } from "./schema-types.ts";

const event = "event.";

/**
 * Generates the client's event types from the description of the WebSocket API, so that the client
 * knows exactly the events that the server validates.
 */
export function clientTypes(schemas: Record<string, Schema>): string {
  const events = Object.keys(schemas).filter((name) => name.startsWith(event));
  const parts = namesIn(
    events.map((name) => schemas[name]),
    schemas,
  ).filter((name) => !name.startsWith(event));
  const lines = [
    "/* Made from docs/asyncapi.json by `npm run documents`: do not edit. */",
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
