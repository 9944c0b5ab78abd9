import * as z from "zod";
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { shownText } from "../../domain/text.ts";
import { answerHeaders, headerBytesMax, headersOfSuccess } from "./answer-headers.ts";
import {
  apiVersion,
  type Contract,
  codesOf,
  methodAndPath,
  takesIdempotencyKey,
  takesIfMatch,
} from "./contract.ts";
import { faultCode } from "./envelope.ts";
import { failureResponsesOf, plainFailures } from "./failure-responses.ts";
import { type Tag, tags } from "./tags.ts";

/** One endpoint: its name in the route table and its contract. */
type Endpoint = { name: string; contract: Contract };

const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/)
  .meta({
    description: "Repeating a request with the same key returns the first response, for 24 h",
    example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
  });

const IfMatch = shownText(headerBytesMax).meta({
  description: "The ETag you last read; if it has changed since, the status is 412",
  example: '"7"',
});

const description = `Chat, paid gifts, superlikes and notifications for live video.

Every failure, including API Gateway's own, is the envelope \`Failure\` with a \`code\`; each operation
lists its codes in \`x-error-codes\`. A success has the same envelope (\`isSuccess\`, \`statusCode\`,
\`data\`, \`errors\`, \`timestamp\`) or a bare body, as its schema shows. Credits are whole numbers.
Events are pushed over WebSocket: see \`/asyncapi.json\`.

White space at the ends of texts is removed, and lengths are in Unicode code points. Control
characters are refused except for newlines and tabs, and in names and titles also characters that
are invisible or change the direction of text.

Later versions may add fields and codes to responses: ignore those that you do not know.`;

/**
 * The public description of the HTTP API (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0),
 * generated from the contracts that validate. `more` are paths described elsewhere, such as
 * Tencent's commands.
 */
export function openApiDocument(endpoints: readonly Endpoint[], more: ZodOpenApiPathsObject = {}) {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const { name, contract } of endpoints) {
    const [method, path] = methodAndPath(contract);
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = operation(name, contract);
  }
  const document = {
    openapi: "3.1.0" as const,
    info: {
      title: "Ovation",
      version: apiVersion,
      summary: "The engagement backend for live video",
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    tags: tagsOf({ ...paths, ...more }),
    paths: { ...paths, ...more },
    components: {
      headers: answerHeaders,
      responses: plainFailures(),
      securitySchemes: {
        bearer: {
          type: "http" as const,
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "A token of the stage's OpenID Connect issuer",
        },
      },
    },
  };
  return withDescriptions(createDocument(document, rendering));
}

type Described = { description?: string; schema?: { description?: string } };

const descriptionOf = ({ description, schema }: Described) => description ?? schema?.description;

/**
 * Copies an optional parameter's description from its schema to the parameter, where readers look.
 */
function withDescriptions<D extends ReturnType<typeof createDocument>>(document: D): D {
  for (const item of Object.values(document.paths ?? {}))
    for (const operation of Object.values(item ?? {}))
      for (const parameter of (operation.parameters ?? []) as Described[])
        Object.assign(parameter, { description: descriptionOf(parameter) });
  return document;
}

function tagsOf(paths: ZodOpenApiPathsObject): { name: string; description: string }[] {
  const operations = Object.values(paths).flatMap((item) => Object.values(item ?? {}));
  const named = operations.flatMap(({ tags = [] }: ZodOpenApiOperationObject) => tags);
  return [...new Set(named)].sort().map((name) => ({ name, description: tags[name as Tag] }));
}

/** A pattern of one character class with its length limits. */
const bounded = /^\^\[[^\]]+\]\{(?:\d+,)?(\d+)\}\$$/;

/**
 * Schemas of responses also parse requests, so a transform is described by its input.
 */
const rendering: CreateDocumentOptions = {
  allowEmptySchema: { transform: true, custom: true, any: true, unknown: true, pipe: true },
  override: ({ jsonSchema, zodSchema, io }) => {
    // For callers a file is its bytes; the parsed form is internal.
    if (jsonSchema.format === "binary") {
      delete jsonSchema.properties;
      delete jsonSchema.required;
    }
    const { def } = zodSchema._zod;
    // The library omits the default of a value that is parsed from text.
    if (def.type === "default") jsonSchema.default ??= (def as z.core.$ZodDefaultDef).defaultValue;
    if (def.type === "literal" && Number.isInteger(jsonSchema.const)) jsonSchema.type = "integer";
    const length = bounded.exec(jsonSchema.pattern ?? "")?.[1];
    if (length !== undefined) jsonSchema.maxLength ??= Number(length);
    allowOthers(jsonSchema);
    // Later versions may add fields to responses (docs/api-changes.md).
    if (io === "output" && jsonSchema.additionalProperties === false)
      delete jsonSchema.additionalProperties;
    if ("byDefault" in jsonSchema) {
      // Zod omits the default of a schema with a transformation.
      jsonSchema.default = jsonSchema.byDefault;
      delete jsonSchema.byDefault;
    }
    if (io !== "output" || def.type !== "pipe") return;
    const { in: from, out: to } = def as z.core.$ZodPipeDef;
    if (to._zod.def.type !== "transform") return;
    const { $schema: _, ...given } = z.toJSONSchema(from, { unrepresentable: "any", io: "input" });
    Object.assign(jsonSchema, { ...given, ...jsonSchema });
  },
};

/** Splits alternatives of a schema, such as null, into separate schemas. */
function allowOthers(jsonSchema: Record<string, unknown>): void {
  const { orElse, description, ...form } = jsonSchema;
  const { anyOf, ...rest } = form;
  if (!Array.isArray(orElse)) return;
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  const forms = Array.isArray(anyOf) && Object.keys(rest).length === 0 ? anyOf : [form];
  const others = orElse.map((value) => (value === null ? { type: "null" } : { const: value }));
  Object.assign(jsonSchema, { anyOf: [...forms, ...others] }, description ? { description } : {});
}

/** `gifts/create-type` → `giftsCreateType`. */
export const operationIdOf = (name: string) =>
  name.replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());

function operation(name: string, contract: Contract): ZodOpenApiOperationObject {
  const { summary, tag, caller, path, query, body } = contract;
  const header = headersTaken(contract);
  const params = { ...(path && { path }), ...(query && { query }), ...(header && { header }) };
  const roles = { service: "Needs the role service or admin.", admin: "Needs the role admin." };
  const notes = [
    ...(caller in roles ? [roles[caller as keyof typeof roles]] : []),
    ...(contract.stage ? [`Only on stages that allow ${contract.stage}.`] : []),
  ];
  return {
    operationId: operationIdOf(name),
    summary,
    tags: [tag],
    ...(notes.length > 0 && { description: notes.join(" ") }),
    ...(contract.stage && { "x-ovation-stage": contract.stage }),
    security: caller === "anyone" ? [] : [...(caller === "optional" ? [{}] : []), { bearer: [] }],
    ...(Object.keys(params).length > 0 && { requestParams: params }),
    ...(body && {
      requestBody: { required: !contract.isBodyOptional, content: contentOf(contract, body) },
    }),
    responses: responsesOf(contract),
    "x-error-codes": [...codesOf(contract), faultCode],
  };
}

/** The headers that an operation accepts besides the token; undefined for none. */
function headersTaken(contract: Contract): z.ZodObject | undefined {
  const isRequired = contract.idempotencyKey === "required";
  const headers = {
    ...(takesIdempotencyKey(contract) && {
      "Idempotency-Key": isRequired ? IdempotencyKey : IdempotencyKey.optional(),
    }),
    ...(takesIfMatch(contract) && { "If-Match": IfMatch.optional() }),
  };
  return Object.keys(headers).length === 0 ? undefined : z.object(headers);
}

const contentOf = ({ form, formOnly }: Contract, schema: z.ZodType) => ({
  ...(formOnly === undefined && { "application/json": { schema } }),
  ...((form ?? formOnly) !== undefined && { "multipart/form-data": { schema } }),
});

function responsesOf(contract: Contract): ZodOpenApiResponsesObject {
  const [status, schema] = contract.answer;
  const responses: ZodOpenApiResponsesObject = {
    [`${status as 200}`]: {
      description: contract.summary,
      headers: headersOfSuccess(contract),
      ...(status !== 204 && { content: successOf(contract, status, schema) }),
    },
  };
  if (contract.cacheControl !== undefined)
    responses["304"] = { ...notModified, headers: headersOfSuccess(contract) };
  return { ...responses, ...failureResponsesOf(contract) };
}

/** The 304 response to a caller who already has the current version. */
export const notModified = { description: "Not modified: `If-None-Match` has the current ETag" };

function successOf({ isBare, mediaType }: Contract, status: number, schema: z.ZodType) {
  if (mediaType !== undefined) return { [mediaType]: { schema: { type: "string" as const } } };
  if (isBare) return { "application/json": { schema } };
  const envelope = z.object({
    isSuccess: z.literal(true),
    statusCode: z.literal(status),
    data: schema,
    errors: z.array(z.string().max(0)).max(0),
    timestamp: shownText(24).meta({ format: "date-time" }),
  });
  return { "application/json": { schema: envelope } };
}
