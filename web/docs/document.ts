/** The description of the HTTP API in the form the reference uses. */
import type { Described, Schemas } from "./schema.ts";

export type Parameter = {
  in: "path" | "query" | "header";
  name: string;
  required?: boolean;
  description?: string;
  schema: Described;
};
type Content = Record<string, { schema: Described; example?: unknown }>;
type Response = {
  $ref?: string;
  description: string;
  headers?: { "x-error-code"?: { schema: { enum?: string[] } } };
  content?: Content;
};
export type OpenApi = {
  info: { title: string; summary: string; description: string };
  paths: Record<string, Record<string, OperationObject>>;
  components: { schemas: Schemas; responses: Record<string, Response> };
};
type OperationObject = {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  security: object[];
  parameters?: Parameter[];
  requestBody?: { required?: boolean; content: Content };
  responses: Record<string, Response>;
};

/** The errors of one status: a sentence, possible causes, and their codes. */
export type Failure = { status: string; says: string; details: string[]; codes: string[] };

/** One operation, with its references resolved. */
export type Operation = Pick<
  OperationObject,
  "operationId" | "summary" | "description" | "security" | "parameters"
> & {
  tag: string;
  method: string;
  path: string;
  body?: { schema: Described; isRequired: boolean };
  /** The fields of a form that are files. */
  files?: string[];
  answer: { status: string; schema?: Described };
  failures: Failure[];
  /** The text that searches match. */
  words: string;
};

/** Everything that the page shows about the HTTP API. */
export type Reference = {
  title: string;
  says: string;
  schemas: Schemas;
  operations: Operation[];
};

const json = "application/json";

/** Builds the reference from a description. */
export function referenceOf({ info, paths, components }: OpenApi): Reference {
  const operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, given]) =>
      operationOf(method.toUpperCase(), path, given, components.responses),
    ),
  );
  return {
    title: info.title,
    says: info.description,
    schemas: components.schemas,
    operations: operations.sort(
      (a, b) =>
        rankOf(a) - rankOf(b) ||
        leadOf(a) - leadOf(b) ||
        Number(isForStaff(a)) - Number(isForStaff(b)) ||
        verbs.indexOf(a.method) - verbs.indexOf(b.method),
    ),
  };
}

/** Tags by task: what apps use first comes first. */
const tasks = [
  "Live Streams",
  "Live Stream Chat",
  "Gifts",
  "Likes and Moments",
  "Wallet",
  "Credits",
  "Channel",
  "Live Stream Bans",
  "Overlays",
  "Users",
  "Follows",
  "Notifications",
  "Sign-in",
  "Sessions",
  "Pictures",
  "Webhooks",
  "Operations",
  "Tencent",
  "App",
];

/** The rank of a tag; unknown tags come before the last one. */
const rankOf = ({ tag }: Operation) => {
  const place = tasks.indexOf(tag);
  return place < 0 ? tasks.length - 1.5 : place;
};

/** The first calls of each tag, in the order in which an app makes them. */
const leads = [
  "POST /api/v1/live-stream/create",
  "POST /api/v1/live-stream/join-as-creator",
  "POST /api/v1/live-stream/join",
  "GET /api/v1/live-stream/{streamId}",
  "GET /api/v1/live-stream/catch-streamers",
  "POST /api/v1/live-stream/{streamId}/end",
  "POST /api/v1/live-stream/{streamId}/chat/messages",
  "GET /api/v1/live-stream/{streamId}/chat/messages",
  "POST /api/v1/live-stream/{streamId}/chat/superlike",
  "GET /api/v1/gifts/gift-types",
  "POST /api/v1/gifts/create",
  "PUT /api/v1/live-stream/{streamId}/likes",
  "POST /api/v1/live-stream/{streamId}/moments",
  "PUT /api/v1/live-stream/{streamId}/moments/{momentId}/vote",
  "GET /api/v1/wallet",
  "GET /api/v1/users/me",
  "PUT /api/v1/users/me",
];

/** The rank of an operation among `leads`; all others come after them. */
const leadOf = ({ method, path }: Operation) => {
  const place = leads.indexOf(`${method} ${path}`);
  return place < 0 ? leads.length : place;
};

/** Operations that an app's users may not call come last. */
const isForStaff = ({ description = "" }: Operation) => description.startsWith("Needs the role");

/** The order of methods: reads come before writes, and deletions come last. */
const verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];

function operationOf(
  method: string,
  path: string,
  { operationId, summary, description, tags, security, parameters, ...rest }: OperationObject,
  shared: Record<string, Response>,
): Operation {
  const body = rest.requestBody;
  const taken = body?.content[json];
  const form = body?.content["multipart/form-data"]?.schema;
  const responses = Object.entries(rest.responses).map(
    ([status, one]) => [status, one.$ref ? shared[one.$ref.split("/").at(-1)!]! : one] as const,
  );
  const [status, success] = responses.find(([code]) => code < "400") ?? ["200", undefined];
  const given = success?.content?.[json];
  // A recorded response is more useful than an example generated from the schema.
  const example = given?.example !== undefined && { example: given.example };
  const schema = given && { ...given.schema, ...example };
  const failures = responses.filter(([code]) => code >= "400").map(failureOf);
  const tag = tags[0] ?? "Other";
  const codes = failures.flatMap((failure) => failure.codes);
  return {
    operationId,
    summary,
    tag,
    method,
    path,
    security,
    failures,
    ...(description && { description }),
    ...(parameters && { parameters }),
    ...(taken && {
      body: {
        schema: { ...taken.schema, ...(taken.example !== undefined && { example: taken.example }) },
        isRequired: body?.required ?? false,
      },
    }),
    ...(form && !taken && { files: Object.keys(form.properties ?? {}) }),
    answer: { status, ...(schema && { schema }) },
    words: [method, path, summary, tag, operationId, ...codes].join(" "),
  };
}

function failureOf([status, { description, headers }]: readonly [string, Response]): Failure {
  const [says = "", ...details] = description.split("\n");
  const codes = headers?.["x-error-code"]?.schema.enum ?? [];
  return { status, says, details: details.map((line) => line.replace(/^- /, "")), codes };
}

/** Whether a text contains every word of a search, in any order; any text if it is empty. */
export function finds(search: string, text: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => text.toLowerCase().includes(word));
}

/** Operations by their tags, in order. */
export const byTag = (operations: readonly Operation[]): [string, Operation[]][] => [
  ...Map.groupBy(operations, ({ tag }) => tag),
];
