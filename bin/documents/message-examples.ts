import * as z from "zod";
import type { RecordedMessage } from "../../test/api/recorder.ts";
import { withoutRandomness } from "./scrub.ts";

/** An example of a message; for a webhook delivery, with its headers. */
export type MessageExample = { headers?: Record<string, unknown>; payload: unknown };

type Schema = Record<string, unknown>;
/** The part of the AsyncAPI document that examples are validated against. */
type AsyncApi = {
  components: {
    messages: Record<string, { payload: Schema; headers?: { properties: Schema } }>;
    schemas: Record<string, Schema>;
  };
};

// biome-ignore lint/suspicious/noExplicitAny: Recorded data may have any shape.
type Json = any;

const characters = 2_500;
const eventPrefix = "event.";

/**
 * For each message of the AsyncAPI document, and each event in frames, an example that the tests
 * sent or received: the longest valid one that is not too long. Examples of `before` are kept if
 * nothing better was recorded.
 */
export function messageExamples(
  { components }: AsyncApi,
  recorded: readonly RecordedMessage[],
  before: Record<string, MessageExample>,
): Record<string, MessageExample> {
  const found = new Map<string, MessageExample[]>();
  // A Map, because tests also send `__proto__`.
  const described = new Map([
    ...Object.entries(components.schemas),
    ...Object.entries(components.messages).map(([name, { payload }]) => [name, payload] as const),
  ]);
  const add = (name: string, example: MessageExample) => {
    const schema = described.get(name);
    if (schema === undefined || !fits(example.payload, schema, components.schemas)) return;
    found.set(name, [...(found.get(name) ?? []), example]);
  };
  for (const [name, example] of Object.entries(before)) add(name, example);
  for (const { message, headers } of recorded as { message: Json; headers?: Schema }[]) {
    const kind: string = message.type ?? message.action ?? "";
    if (headers !== undefined) {
      const name = described.has(kind) ? kind : `webhook.${kind}`;
      const known = Object.keys(components.messages[name]?.headers?.properties ?? {});
      const shown = Object.fromEntries(known.map((header) => [header, headers[header]]));
      add(name, withoutRandomness({ headers: shown, payload: message }));
      continue;
    }
    // Compressed data must stay unchanged, or it could not be decompressed.
    const { data, ...rest } = message;
    add(kind, {
      payload: kind === "deflate" ? { ...withoutRandomness(rest), data } : settled(message),
    });
    for (const event of kind === "events" ? message.events : [])
      add(eventPrefix + event.type, { payload: settled(event) });
  }
  const chosen = [...found].map(([name, examples]) => [name, bestOf(examples)] as const);
  return Object.fromEntries(chosen.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const settled = (message: Json) => withoutRandomness(message) as unknown;

/** Whether a value matches a schema of a document with these named schemas. */
export function fits(value: unknown, schema: object, schemas: Record<string, Schema>): boolean {
  const text = JSON.stringify({ ...schema, $defs: schemas });
  const own = JSON.parse(text.replaceAll("#/components/schemas/", "#/$defs/"));
  return z.fromJSONSchema(own).safeParse(value).success;
}

/** Excludes odd letters and long texts of tests, which make bad examples. */
export const isPlain = (text: string) => !/(.)\1{6}|[<\\]|\p{Cf}|" | "[,}\]:]/u.test(text);

/** Sorts the longest text of up to this length first, then the shortest of the others. */
export function byRank(characters: number) {
  const rank = ({ length }: string) => (length <= characters ? characters - length : length);
  return (a: { text: string }, b: { text: string }) =>
    rank(a.text) - rank(b.text) || (a.text < b.text ? -1 : 1);
}

/** The longest readable example, or the shortest if all are too long. */
function bestOf(examples: readonly MessageExample[]): MessageExample {
  const texts = examples.map((example) => ({ example, text: JSON.stringify(example) }));
  const plain = texts.filter(({ text }) => isPlain(text));
  return (plain.length > 0 ? plain : texts).sort(byRank(characters))[0]!.example;
}
