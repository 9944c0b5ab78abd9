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
import { errorCodeHeader, faultCode, sentenceOf, statusOf } from "./envelope.ts";

/** One endpoint: its name in the route table and its contract. */
type Endpoint = { name: string; contract: Contract };

/** Failures of one status: what they say beyond its own sentence, and how they name themselves. */
type Failing = { sentences: readonly string[]; codes: readonly string[] };

const statusOfFault = 500;
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

Every failure is the envelope \`Failure\`, whoever makes it; one that a function makes names itself in
the header \`x-error-code\` (each operation lists its names in \`x-error-codes\`). A success is wrapped in
the same envelope (\`isSuccess\`, \`statusCode\`, \`data\`, \`errors\`, \`timestamp\`) or bare, as each
operation says. Credits are whole numbers. What happens is pushed over WebSocket: see \`/asyncapi.json\`.`;

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
 * Answers are checked by schemas that also read requests: a transform there is described by what it
 * takes.
 */
const rendering: CreateDocumentOptions = {
  allowEmptySchema: { transform: true, custom: true, any: true, unknown: true, pipe: true },
  override: ({ jsonSchema, zodSchema, io }) => {
    // A file is its bytes to a caller: what it is read into is ours.
    if (jsonSchema.format === "binary") {
      delete jsonSchema.properties;
      delete jsonSchema.required;
    }
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
    ...(body && {
      requestBody: { required: !contract.isBodyOptional, content: contentOf(contract, body) },
    }),
    responses: responsesOf(contract),
    "x-error-codes": [...codesOf(contract), faultCode],
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
  for (const [failure, failing] of failuresOf(contract))
    responses[`${failure as 400}`] =
      failing.sentences.length === 0
        ? { $ref: `#/components/responses/${plainName(failure)}` }
        : failureResponse(failure, failing);
  return responses;
}

/** The name of a failure that says only its status. */
const plainName = (status: number) => `Failure${status}`;

const plainFailures = () =>
  Object.fromEntries(
    Object.keys(sentenceOf).map((status) => [
      plainName(Number(status)),
      failureResponse(Number(status), { codes: plainCodesOf(Number(status)) }),
    ]),
  );

/** Codes of the failures that have no sentence of their own beside the status's. */
const plainCodesOf = (status: number): string[] =>
  Object.entries(refusals)
    .filter(([, { kind, says }]) => statusOf[kind] === status && /^(\{problem\})?$/.test(says))
    .map(([code]) => code)
    .concat(status === statusOfFault ? faultCode : []);

/** The description of a failure: its sentence, and further ones with the codes behind them. */
export function failureResponse(status: number, { sentences, codes }: Partial<Failing> = {}) {
  const says = sentenceOf[status] ?? "";
  const example = {
    isSuccess: false as const,
    statusCode: status,
    data: null,
    errors: [says, ...(sentences ?? []).slice(0, 1)],
    timestamp: "2026-01-15T10:30:00.000Z",
  };
  const description = [says, ...(sentences ?? []).map((sentence) => `- ${sentence}`)].join("\n");
  const names = { type: "string" as const, ...(codes && codes.length > 0 && { enum: [...codes] }) };
  const headers = { [errorCodeHeader]: { description: "The failure's name", schema: names } };
  return { description, headers, content: { "application/json": { schema: Failure, example } } };
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

/** The codes of all failures that a call can meet, in the order in which they are looked for. */
function codesOf(contract: Contract): RefusalCode[] {
  const { caller, path, query, body, refusals: own } = contract;
  const isKeyed = takesKey(contract);
  return [
    ...(path || query || body || isKeyed ? (["request_invalid"] as const) : []),
    ...(caller !== "anyone" ? (["token_invalid"] as const) : []),
    ...(caller === "admin" || caller === "service" ? (["role_missing"] as const) : []),
    ...own,
    ...(body ? (["body_too_large", "media_type_unsupported"] as const) : []),
    ...(isKeyed ? (["key_reused", "key_in_progress"] as const) : []),
    ...(["too_many_requests", "unavailable"] as const),
  ];
}

/** The failures of an endpoint by status, each with the sentences and codes of its refusals. */
function failuresOf(contract: Contract): [status: number, Failing][] {
  const failures = new Map<number, Failing>([
    [statusOfFault, { sentences: [], codes: [faultCode] }],
  ]);
  for (const code of codesOf(contract)) {
    const { kind, says } = refusals[code];
    const { sentences, codes } = failures.get(statusOf[kind]) ?? { sentences: [], codes: [] };
    const sentence = says.replace(/^\{problem\}$/, "").replace("{role}", contract.caller);
    const isNew = sentence !== "" && !sentences.includes(sentence);
    failures.set(statusOf[kind], {
      sentences: isNew ? [...sentences, sentence] : sentences,
      codes: [...codes, code],
    });
  }
  return [...failures].sort(([a], [b]) => a - b);
}
