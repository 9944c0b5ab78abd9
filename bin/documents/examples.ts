/**
 * `npm run examples -- FILE`: makes docs/examples.json and docs/message-examples.json from what the
 * tests recorded (`RECORD_CALLS=FILE npm test -- test/api`, or some of them): one successful call
 * per operation, one instance of each message and event, without values that differ in each run.
 * Operations that were not recorded keep their example. Then it does what `npm run documents` does,
 * which puts the examples into docs/openapi.json and docs/asyncapi.json; `npm run lint` validates
 * each against its schema.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordedCall, RecordedMessage } from "../../test/api/recorder.ts";
import * as descriptions from "./descriptions.ts";
import { byRank, fits, isPlain, type MessageExample, messageExamples } from "./message-examples.ts";
import { withoutRandomness } from "./scrub.ts";

const root = join(import.meta.dirname, "../..");
const json = "application/json";
/** Longer examples are used only if there is no shorter one. */
const characters = { wanted: 1_800, most: 6_000 };

type Media = { schema: object };
type Operation = {
  operationId: string;
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { content?: Record<string, Media> }>;
};
type Example = { request?: unknown; answer?: unknown };

const file = process.argv[2];
if (file === undefined)
  throw new Error("Expected a file of recorded calls: npm run examples -- FILE");
const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"));
const write = (name: string, value: object) =>
  writeFileSync(join(root, name), `${JSON.stringify(value, undefined, 1)}\n`);
const files = { calls: "docs/examples.json", messages: "docs/message-examples.json" };
// Copied as JSON, since the declared types of the descriptions are too narrow here.
const { openApi: description, asyncApi } = JSON.parse(JSON.stringify(descriptions));
const recorded: (RecordedCall | RecordedMessage)[] = readFileSync(file, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));
const calls = recorded.filter((one) => "path" in one);

const before: Record<string, Example> = read(files.calls);
const examples: Record<string, Example> = {};
const missing: string[] = [];
for (const [path, item] of Object.entries<Record<string, Operation>>(description.paths))
  for (const [method, operation] of Object.entries(item)) {
    const example = findExample(method.toUpperCase(), path, operation);
    if (example !== undefined) examples[operation.operationId] = example;
    else if (wantsExample(operation)) missing.push(operation.operationId);
  }
const sorted = Object.fromEntries(Object.entries(examples).sort(([a], [b]) => (a < b ? -1 : 1)));
write(files.calls, sorted);
const messages: Record<string, MessageExample> = messageExamples(
  asyncApi,
  recorded.filter((one) => "message" in one),
  read(files.messages),
);
write(files.messages, messages);
const { schemas, messages: described } = asyncApi.components;
const named = [...Object.keys(described), ...Object.keys(schemas).filter(isEvent)];
missing.push(...named.filter((name) => messages[name] === undefined));
const count = Object.keys({ ...sorted, ...messages }).length;
console.log(`${count} examples; missing: ${missing.join(", ") || "nothing"}`);
await import("./documents.ts");

function isEvent(name: string): boolean {
  return name.startsWith("event.");
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{[^}]*\}/g, "[^/?]+")}(\\?|$)`);
}

function successOf({ responses }: Operation) {
  const [status = "", response] = Object.entries(responses).find(([code]) => code < "400") ?? [];
  const given = response?.content?.[json];
  return { status: Number(status), hasBody: given !== undefined, given };
}

/** Whether a value matches its schema; an absent value does. */
function isGood(value: unknown, media: Media | undefined): boolean {
  if (value === undefined || media === undefined) return true;
  return fits(value, media.schema, description.components.schemas);
}

function wantsExample(operation: Operation): boolean {
  return successOf(operation).hasBody || operation.requestBody?.content[json] !== undefined;
}

/**
 * The most informative call that is not too long to read, with a request if one has it: an uploaded
 * form has no JSON. Deterministic for the same calls.
 */
function findExample(method: string, path: string, operation: Operation): Example | undefined {
  const { status, hasBody, given } = successOf(operation);
  const taken = operation.requestBody?.content[json];
  const takesBody = taken !== undefined;
  const pattern = patternOf(path);
  // `/users/me` is no `/users/{id}`.
  const closer = Object.keys(description.paths).filter(
    (other) => other !== path && pattern.test(other) && !other.includes("{"),
  );
  const ranked = byRank(characters.wanted);
  const partsIn = (example: Example) => Object.keys(example).length;
  const fixed = calls
    .filter((call) => call.method === method && call.status === status && pattern.test(call.path))
    .filter((call) => !closer.some((other) => patternOf(other).test(call.path)))
    // Tencent's API returns 200 for failures too.
    .filter(({ answer }) => !(answer as { ErrorCode?: number } | undefined)?.ErrorCode)
    .filter(({ body, answer }) => !takesBody || isShown(body) || !hasBody || isShown(answer))
    .map(({ body, answer }) =>
      withoutRandomness({
        ...(takesBody && isShown(body) && { request: body }),
        ...(hasBody && isShown(answer) && { answer: shortened(answer) }),
      }),
    )
    .concat(before[operation.operationId] ?? [])
    .map((example) => ({ example, text: JSON.stringify(example) }))
    .filter(({ text }) => text !== "{}" && text.length <= characters.most && isPlain(text))
    .filter(({ example }) => isGood(example.request, taken) && isGood(example.answer, given))
    .sort((a, b) => partsIn(b.example) - partsIn(a.example) || ranked(a, b));
  return fixed[0]?.example;
}

/** Cuts a list that is too long to read to its first member. */
function shortened(answer: unknown): unknown {
  const { data } = answer as { data?: unknown };
  const isLong = Array.isArray(data) && JSON.stringify(data).length > characters.most / 2;
  return isLong ? { ...(answer as object), data: data.slice(0, 1) } : answer;
}

function isShown(value: unknown): boolean {
  return value !== undefined && value !== null;
}
