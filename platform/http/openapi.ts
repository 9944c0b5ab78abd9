import * as z from "zod";
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponsesObject,
} from "zod-openapi";
import { type RefusalCode, refusals } from "../../domain/refusal.ts";
import { type Contract, methodAndPath, takesKey } from "./contract.ts";
import { sentenceOf, statusOf } from "./envelope.ts";

/** One endpoint: its name in the route table and its promise. */
type Endpoint = { name: string; contract: Contract };

/** What every failure looks like. */
const Failure = z
  .object({
    isSuccess: z.literal(false),
    statusCode: z.number().int(),
    data: z.null(),
    errors: z.array(z.string()).min(1).meta({
      description: "First the status's own sentence, then what exactly is wrong, one thing each",
    }),
    timestamp: z.string().meta({
      description: "ISO 8601; the gateway's request time where a failure is the gateway's own",
    }),
  })
  .meta({ id: "Failure" });

const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/)
  .meta({
    description:
      "The same key with the same request gives the same answer for 24 h and happens once",
    example: "8e03978e-40d5-43dd-bc93-6894a57f9324",
  });

const description = `Chat, paid gifts, superlikes and notifications for live video.

Every failure is the envelope \`Failure\`, whoever makes it. A success is wrapped in the same envelope
(\`isSuccess\`, \`statusCode\`, \`data\`, \`errors\`, \`timestamp\`) or bare, as each operation says. Credits are
whole numbers. What happens is pushed over WebSocket: see \`/asyncapi.json\`.`;

/**
 * The public description of the HTTP API (OpenAPI 3.1, https://spec.openapis.org/oas/v3.1.0), from
 * the contracts that validate. `more` are paths that are described elsewhere, such as Tencent's
 * commands.
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
      version: "1",
      summary: "The engagement backend for live video",
      description,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    tags: tagsOf({ ...paths, ...more }),
    paths: { ...paths, ...more },
    components: {
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
  return createDocument(document, rendering);
}

function tagsOf(paths: ZodOpenApiPathsObject): { name: string }[] {
  const operations = Object.values(paths).flatMap((item) => Object.values(item ?? {}));
  const tags = operations.flatMap(({ tags = [] }: ZodOpenApiOperationObject) => tags);
  return [...new Set(tags)].sort().map((name) => ({ name }));
}

/**
 * Answers are checked by schemas that also read requests: a transform there is its input's form.
 */
const rendering: CreateDocumentOptions = {
  allowEmptySchema: { transform: true, custom: true, any: true, unknown: true, pipe: true },
  override: ({ jsonSchema, zodSchema, io }) => {
    const { def } = zodSchema._zod;
    if (io !== "output" || def.type !== "pipe") return;
    const { in: from, out: to } = def as z.core.$ZodPipeDef;
    if (to._zod.def.type !== "transform") return;
    const { $schema: _, ...given } = z.toJSONSchema(from, { unrepresentable: "any", io: "input" });
    for (const [key, value] of Object.entries(given))
      (jsonSchema as never)[key as never] ??= value as never;
  },
};

/** `gifts/create-type` → `giftsCreateType`. */
export const operationIdOf = (name: string) =>
  name.replace(/[/-](\w)/g, (_, letter: string) => letter.toUpperCase());

function operation(name: string, contract: Contract): ZodOpenApiOperationObject {
  const { says, tag, caller, path, query, body } = contract;
  const header = takesKey(contract) && headerOf(contract);
  const params = { ...(path && { path }), ...(query && { query }), ...(header && { header }) };
  const roles = { service: "Needs the role service or admin.", admin: "Needs the role admin." };
  const notes = [
    ...(caller in roles ? [roles[caller as keyof typeof roles]] : []),
    ...(contract.stage ? [`Only on stages that allow ${contract.stage}.`] : []),
  ];
  return {
    operationId: operationIdOf(name),
    summary: says,
    tags: [tag],
    ...(notes.length > 0 && { description: notes.join(" ") }),
    ...(contract.stage && { "x-ovation-stage": contract.stage }),
    security: caller === "anyone" ? [] : [...(caller === "optional" ? [{}] : []), { bearer: [] }],
    ...(Object.keys(params).length > 0 && { requestParams: params }),
    ...(body && { requestBody: { required: true, content: contentOf(contract, body) } }),
    responses: responsesOf(contract),
  };
}

const headerOf = ({ idempotencyKey }: Contract) =>
  z.object({
    "Idempotency-Key": idempotencyKey === "required" ? IdempotencyKey : IdempotencyKey.optional(),
  });

const contentOf = ({ accepts = ["json"] }: Contract, schema: z.ZodType) => ({
  ...(accepts.includes("json") && { "application/json": { schema } }),
  ...(accepts.includes("multipart") && { "multipart/form-data": { schema } }),
});

function responsesOf(contract: Contract): ZodOpenApiResponsesObject {
  const [status, schema] = contract.answer;
  const responses: ZodOpenApiResponsesObject = {
    [`${status as 200}`]: {
      description: contract.says,
      ...(status !== 204 && { content: successOf(contract, status, schema) }),
    },
  };
  for (const [failure, sentences] of failuresOf(contract))
    responses[`${failure as 400}`] =
      sentences.length === 0
        ? { $ref: `#/components/responses/${plainName(failure)}` }
        : failureResponse(failure, sentences);
  return responses;
}

/** The name of a failure that says no more than its status. */
const plainName = (status: number) => `Failure${status}`;

const plainFailures = () =>
  Object.fromEntries(
    Object.keys(sentenceOf).map((status) => [
      plainName(Number(status)),
      failureResponse(Number(status), []),
    ]),
  );

function failureResponse(status: number, sentences: readonly string[]) {
  const says = sentenceOf[status] ?? "";
  const example = {
    isSuccess: false as const,
    statusCode: status,
    data: null,
    errors: [says, ...sentences.slice(0, 1)],
    timestamp: "2026-01-15T10:30:00.000Z",
  };
  const description = [says, ...sentences.map((sentence) => `- ${sentence}`)].join("\n");
  return { description, content: { "application/json": { schema: Failure, example } } };
}

function successOf({ shape, mediaType }: Contract, status: number, schema: z.ZodType) {
  if (mediaType !== undefined) return { [mediaType]: { schema: { type: "string" as const } } };
  if (shape === "bare") return { "application/json": { schema } };
  const envelope = z.object({
    isSuccess: z.literal(true),
    statusCode: z.literal(status),
    data: schema,
    errors: z.array(z.string()).max(0),
    timestamp: z.string().meta({ format: "date-time" }),
  });
  return { "application/json": { schema: envelope } };
}

/** The failures of an endpoint by status, each with the sentences of its refusals. */
function failuresOf(contract: Contract): Map<number, string[]> {
  const { caller, path, query, body } = contract;
  const failures = new Map<number, string[]>();
  const add = (status: number, sentence = "") => {
    const sentences = failures.get(status) ?? [];
    if (sentence !== "" && !sentences.includes(sentence)) sentences.push(sentence);
    failures.set(status, sentences);
  };
  const addRefusal = (code: RefusalCode) =>
    add(statusOf[refusals[code].kind], refusals[code].says.replace(/^\{problem\}$/, ""));
  if (path || query || body || takesKey(contract)) add(400);
  if (caller !== "anyone") add(401);
  if (caller === "admin" || caller === "service") add(403, `This needs the role ${caller}`);
  for (const code of contract.refusals) addRefusal(code);
  if (body) {
    addRefusal("body_too_large");
    addRefusal("media_type_unsupported");
  }
  if (takesKey(contract)) {
    addRefusal("key_reused");
    addRefusal("key_in_progress");
  }
  for (const status of [429, 500, 503]) add(status);
  return new Map([...failures].sort(([a], [b]) => a - b));
}
