/** Builds a filled-in call, sends it, and renders it as curl and TypeScript. */
import { curlOf } from "../curl.ts";
import { newKey } from "../new-key.ts";
import type { Operation } from "./document.ts";
import { base, demoStream } from "./router.ts";
import type { Described, Schemas } from "./schema.ts";
import { exampleOf } from "./schema.ts";

/** Values of parameters by name, and the body as text. */
export type Filled = { values: Record<string, string>; body: string };

/** The response of a call. */
export type Answer = { status: number; milliseconds: number; code: string | null; text: string };

const keyName = "Idempotency-Key";
const streamNames = ["streamId", "liveStreamId"];

/** A call with all required values filled in: with the demo stream if there is one. */
export function filledOf(operation: Operation, schemas: Schemas): Filled {
  const { parameters = [], body } = operation;
  const values = parameters.map(({ name, required, schema }) => {
    if (!required) return [name, ""];
    if (name === keyName) return [name, newKey()];
    return [name, String(withStream(name, exampleOf(schema, schemas)))];
  });
  return {
    values: Object.fromEntries(values),
    body: body === undefined ? "" : JSON.stringify(bodyOf(body.schema, schemas), undefined, 2),
  };
}

/**
 * The example body: its required fields; if none is required, those of a recorded body, because
 * some optional fields exclude each other.
 */
function bodyOf(schema: Described, schemas: Schemas): unknown {
  const { properties, required = [], example } = schema;
  if (properties === undefined) return exampleOf(schema, schemas);
  const names = required.length > 0 ? required : Object.keys(example ?? properties);
  return Object.fromEntries(
    names.map((name) => [
      name,
      withStream(name, exampleOf(properties[name] as Described, schemas)),
    ]),
  );
}

const withStream = (name: string, value: unknown) =>
  streamNames.includes(name) ? (demoStream.value ?? value) : value;

/** The next call: with a new idempotency key, because the old one would replay the response. */
export function renewKey({ parameters = [] }: Operation, filled: Filled): Filled {
  const isNeeded = parameters.some(({ name, required }) => name === keyName && required);
  return isNeeded ? { ...filled, values: { ...filled.values, [keyName]: newKey() } } : filled;
}

/** The URL of a call. */
function urlOf({ path, parameters = [] }: Operation, { values }: Filled): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { in: where, name } of parameters) {
    const value = values[name] ?? "";
    if (where === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    if (where === "query" && value !== "") query.append(name, value);
  }
  return `${base}${filled}${query.size > 0 ? `?${query}` : ""}`;
}

/** The headers of a call, by name. */
function headersOf(
  { parameters = [], body }: Operation,
  { values }: Filled,
  token: string | undefined,
): Record<string, string> {
  const own = parameters.filter(({ in: where, name }) => where === "header" && values[name]);
  return {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { "content-type": "application/json" }),
    ...Object.fromEntries(own.map(({ name }) => [name.toLowerCase(), values[name]!])),
  };
}

/** Sends a call. Rejects if no response arrives. */
export async function send(
  operation: Operation,
  filled: Filled,
  token: string | undefined,
): Promise<Answer> {
  const { method, body } = operation;
  const began = performance.now();
  const answer = await fetch(urlOf(operation, filled), {
    method,
    headers: headersOf(operation, filled, token),
    ...(body && filled.body !== "" && { body: filled.body }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    milliseconds: Math.round(performance.now() - began),
    code: answer.headers.get("x-error-code"),
    text: indented(text),
  };
}

function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

/** A call by the client, in TypeScript; undefined for routes it does not know. */
export function clientCallOf(operation: Operation, { values, body }: Filled): string | undefined {
  const { method, path, parameters = [], files, tag } = operation;
  if (files !== undefined || tag === "Tencent") return undefined;
  const given = (where: "path" | "query") =>
    Object.fromEntries(
      parameters
        .filter((one) => one.in === where && (values[one.name] ?? "") !== "")
        .map(({ name, schema }) => [
          name,
          schema.type === "integer" ? Number(values[name]) : values[name],
        ]),
    );
  const input = {
    ...(hasAny(given("path")) && { path: given("path") }),
    ...(hasAny(given("query")) && { query: given("query") }),
    ...(operation.body && body !== "" && { body: parsed(body) }),
    ...(values[keyName] && { key: values[keyName] }),
  };
  const written = JSON.stringify(input, undefined, 2).replace(/^(\s*)"([A-Za-z_]\w*)":/gm, "$1$2:");
  const more = hasAny(input) ? `, ${written}` : "";
  return `import { createClient } from "@ovation/client";

const client = createClient({ url: "${base}", token });
const answer = await client.call("${method} ${path}"${more});`;
}

const hasAny = (given: object) => Object.keys(given).length > 0;

/** Parses JSON; incomplete input yields an empty object. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A call as a curl command. `token` is a placeholder: a command or a variable. */
export const curlLineOf = (operation: Operation, filled: Filled, token: string | undefined) =>
  curlOf(
    {
      method: operation.method,
      url: urlOf(operation, filled),
      token,
      headers: headersOf(operation, filled, undefined),
      ...(operation.body && { body: filled.body }),
      files: Object.fromEntries((operation.files ?? []).map((field) => [field, "picture.png"])),
    },
    " \\\n  ",
  );
