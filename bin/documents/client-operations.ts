import { declarationOf, memberOf, namesIn, type Schema, typeOf, unionOf } from "./schema-types.ts";

type Content = Record<string, { schema: Schema }>;
type Parameter = { in: string; name: string; schema: Schema; required?: boolean };
type Operation = {
  summary: string;
  parameters?: Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
  "x-error-codes"?: string[];
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

/** The response schema without the envelope, which the client removes; undefined if not JSON. */
function answerOf({ responses }: Operation): Schema | "nothing" | undefined {
  const [, success] = Object.entries(responses).find(([status]) => status.startsWith("2"))!;
  if (success.content === undefined) return "nothing";
  const schema = success.content["application/json"]?.schema;
  return schema?.properties?.isSuccess === undefined ? schema : schema.properties.data;
}

/** Excludes Tencent's commands, which need a secret that clients do not have. */
const isOfClients = ([path, operation]: readonly [string, Operation]) =>
  !/ \/(v4|tencent|pictures)\//.test(path) && answerOf(operation) !== undefined;

/** The request body: JSON, or a form if it contains a file. */
function bodyOf({ requestBody }: Operation): { schema: Schema; isForm: boolean } | undefined {
  const form = requestBody?.content["multipart/form-data"];
  const taken = requestBody?.content["application/json"] ?? form;
  return taken && { schema: taken.schema, isForm: form !== undefined };
}

const schemasOf = (operation: Operation) => [
  operation.parameters,
  bodyOf(operation)?.schema,
  answerOf(operation),
];

/**
 * Generates the client's types of all calls from the description of the HTTP API: the input and
 * result of each route. `known` is the text of the event types; identical types are imported from
 * there.
 */
export function clientOperations({ paths, components }: Document, known: string): string {
  const operations = Object.entries(paths)
    .flatMap(([path, item]) =>
      Object.entries(item).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    )
    .filter(isOfClients);
  const { schemas } = components;
  const names = namesIn(
    operations.map(([, operation]) => schemasOf(operation)),
    schemas,
  );
  const isKnown = (name: string) => known.includes(declarationOf(name, schemas[name]!).join("\n"));
  const own = names.filter((name) => !isKnown(name));
  const text = JSON.stringify([
    ...operations.map(([, operation]) => schemasOf(operation)),
    ...own.map((name) => schemas[name]),
  ]);
  const shared = names.filter((name) => isKnown(name) && text.includes(`schemas/${name}"`));
  const codes = operations.map(([, operation]) => operation["x-error-codes"] ?? []);
  const common = (codes[0] ?? []).filter((code) => codes.every((some) => some.includes(code)));
  return [
    "/* Made from docs/openapi.json by `npm run prepare`: do not edit. */",
    "",
    `import type { ${shared.sort().join(", ")} } from "./event-data.ts";`,
    "",
    ...own.flatMap((name) => declarationOf(name, schemas[name]!)),
    "/** Error codes of every call. */",
    unionOf("export type CommonErrorCode =", quoted(common.sort()), ""),
    "",
    "/** All error codes of the API. */",
    'export type ErrorCode = Operations[keyof Operations]["code"];',
    "",
    "/** The input and result of each call, by route; `code` lists its error codes. */",
    "export type Operations = {",
    ...operations.flatMap(([route, operation]) => linesOf(route, operation, common)),
    "};",
    "",
  ].join("\n");
}

const quoted = (names: readonly string[]) => names.map((name) => JSON.stringify(name));

function linesOf(route: string, operation: Operation, common: readonly string[]): string[] {
  const { summary, parameters = [], "x-error-codes": codes = [] } = operation;
  const body = bodyOf(operation);
  const answer = answerOf(operation)!;
  const own = codes.filter((code) => !common.includes(code));
  return [
    `  /** ${summary} */`,
    `  ${JSON.stringify(route)}: {`,
    ...parametersOf("path", parameters),
    ...parametersOf("query", parameters),
    ...(body === undefined
      ? []
      : [`    body: ${typeOf(body.schema, "    ")}${body.isForm ? " | FormData" : ""};`]),
    answer === "nothing" ? "    answer: undefined;" : memberOf("answer", answer, true, "    "),
    unionOf("    code:", ["CommonErrorCode", ...quoted(own)], "    "),
    "  };",
  ];
}

function parametersOf(place: "path" | "query", parameters: Parameter[]): string[] {
  const own = parameters.filter((parameter) => parameter.in === place);
  if (own.length === 0) return [];
  const schema = {
    type: "object",
    properties: Object.fromEntries(own.map(({ name, schema }) => [name, schema])),
    required: own.flatMap(({ name, required }) => (required === true ? [name] : [])),
  };
  return [memberOf(place, schema, schema.required.length > 0, "    ")];
}
