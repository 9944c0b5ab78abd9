import type { APIGatewayProxyEvent } from "aws-lambda";
import * as z from "zod";
import { Refusal, refuse } from "../../domain/refusal.ts";
import { type Contract, mayHaveBody } from "./contract.ts";
import { commonHeaders, refusalAnswer } from "./envelope.ts";

/** The largest body in bytes, by form. API Gateway's own limit is 10 MB. */
export const bodyBytesMax = { json: 64 * 1024, multipart: 4 * 1024 * 1024 };

/** Checks one part of the request against its schema; every problem gets its own sentence. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value, { error: expectationOf });
  if (parsed.success) return parsed.data;
  throw new Refusal("request_invalid", {}, sentences(parsed.error.issues));
}

/** Readable names of types, by zod's names. */
const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

const units: Record<string, string> = { string: " characters", array: " entries" };

/**
 * The sentence for an invalid value if its schema has none: what was expected, without how it is
 * checked.
 */
function expectationOf(issue: z.core.$ZodRawIssue): string {
  const unit = units[String(issue.origin)] ?? "";
  switch (issue.code) {
    case "invalid_type":
      return `expected ${typeNames[issue.expected] ?? "another value"}`;
    case "invalid_value":
      return `expected ${issue.values.map(String).join(" or ")}`;
    case "too_small":
      return `expected at least ${issue.minimum}${unit}`;
    case "too_big":
      return `expected at most ${issue.maximum}${unit}`;
    default:
      return "expected a value as the reference describes it";
  }
}

/** The largest number of sentences about one request. */
export const sentencesMax = 20;

/**
 * The problems as sentences. A value of the wrong type gets only that, not its length or range. A
 * number beyond JavaScript's safe integers gets only its field's limit, if it has one.
 */
function sentences(issues: z.core.$ZodIssue[]): string[] {
  const placeOf = ({ path }: z.core.$ZodIssue) => path.map(String).join(".");
  const isMistyped = ({ code }: z.core.$ZodIssue) => code === "invalid_type";
  const mistyped = new Set(issues.filter(isMistyped).map(placeOf));
  const isUnsafe = (issue: z.core.$ZodIssue) => "origin" in issue && issue.origin === "int";
  const limited = new Set(issues.filter((issue) => !isUnsafe(issue)).map(placeOf));
  const all = issues
    .filter((issue) => isMistyped(issue) || !mistyped.has(placeOf(issue)))
    .filter((issue) => !isUnsafe(issue) || !limited.has(placeOf(issue)))
    .map((issue) =>
      issue.path.length === 0 ? issue.message : `${placeOf(issue)}: ${issue.message}`,
    );
  return [...new Set(all)].slice(0, sentencesMax);
}

/** A header by its name, regardless of case. */
export function header(event: Pick<APIGatewayProxyEvent, "headers">, name: string) {
  const { headers } = event;
  for (const given in headers)
    if (given.length === name.length && given.toLowerCase() === name) return headers[given];
  return undefined;
}

/** The longest part of a path that the response repeats. */
const pathMax = 200;

/** The response to a request for an unknown route. */
export function answerUnknownRoute(event: APIGatewayProxyEvent) {
  const route = `${event.httpMethod} ${event.path.slice(0, pathMax)}`.toWellFormed();
  const headers = commonHeaders(event.requestContext.requestId, header(event, "origin"));
  return refusalAnswer(new Refusal("route_not_found", { route }), headers, new Date());
}

/**
 * Whether a path ends with a slash, and so is no route: a REST API calls the function of `/hello`
 * for `/hello/`, too.
 */
export const hasTrailingSlash = ({ path }: APIGatewayProxyEvent): boolean => path.endsWith("/");

/**
 * The parameters of the path. A REST API passes them as they were sent, percent-encoded; one that
 * is not valid stays unchanged. https://github.com/dherault/serverless-offline/issues/265
 */
export const readPath = ({ pathParameters }: Pick<APIGatewayProxyEvent, "pathParameters">) =>
  Object.fromEntries(
    Object.entries(pathParameters ?? {}).map(([name, sent = ""]) => [name, decode(sent)]),
  );

function decode(sent: string): string {
  try {
    return decodeURIComponent(sent);
  } catch {
    return sent;
  }
}

/** All values of a header, in order, since a header may be repeated. */
export function headerValues(
  event: { multiValueHeaders: APIGatewayProxyEvent["multiValueHeaders"] | null },
  name: string,
): string[] {
  const lines = Object.entries(event.multiValueHeaders ?? {});
  return lines.flatMap(([given, values = []]) => (given.toLowerCase() === name ? values : []));
}

/**
 * The query with one value for each name; a repeated name is refused, except for lists, whose
 * repeated values are joined by commas.
 */
export function readQuery(
  event: APIGatewayProxyEvent,
  lists: readonly string[] = [],
): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(event.multiValueQueryStringParameters ?? {})) {
    if ((values?.length ?? 0) > 1 && !lists.includes(name))
      refuse("request_invalid", { problem: `${name}: expected one value` });
    Object.defineProperty(query, name, { value: values?.join() ?? "", enumerable: true });
  }
  return query;
}

/**
 * Reads the body as the contract specifies: size first, then form, then JSON. Without a contract of
 * the body, it must be empty or JSON, and its fields are unknown ones.
 */
export async function readBody(event: APIGatewayProxyEvent, contract: Contract): Promise<unknown> {
  const bytes = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  const mediaType = (header(event, "content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const isMultipart = mediaType === "multipart/form-data";
  const readForm = isMultipart ? (contract.form ?? contract.formOnly) : undefined;
  const bytesMax = readForm === undefined ? bodyBytesMax.json : bodyBytesMax.multipart;
  if (bytes.length > bytesMax) refuse("body_too_large", { bytesMax });
  const isExpected = contract.body !== undefined;
  if (!isExpected && (bytes.length === 0 || !mayHaveBody(contract))) return undefined;
  // API Gateway has decompressed gzip and deflate, and passes the header on.
  const coding = header(event, "content-encoding")?.trim().toLowerCase() ?? "identity";
  if (bytes.length > 0 && coding !== "identity")
    refuse("media_type_unsupported", { problem: "content-encoding: expected none" });
  if (readForm !== undefined) return readForm(bytes, header(event, "content-type") ?? "");
  if (mediaType !== "" && !/^application\/(json|[\w.+-]+\+json)$/.test(mediaType))
    refuse("media_type_unsupported", { problem: "content-type: expected application/json" });
  if (contract.isBodyOptional && bytes.length === 0) return {};
  const value = readJson(
    readUtf8(bytes) ?? refuse("request_invalid", { problem: "body: not UTF-8" }),
  );
  return isExpected ? value : undefined;
}

/** Decodes UTF-8 with its byte order mark; undefined if the bytes are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Parses a JSON object (RFC 8259); refuses anything else and says what it is. */
export function readJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse("request_invalid", { problem: text === "" ? "body: expected JSON" : "body: not JSON" });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    refuse("request_invalid", { problem: "body: expected a JSON object" });
  return value;
}

/** 1 to 128 printable ASCII characters (draft-ietf-httpapi-idempotency-key-header). */
const IdempotencyKey = z
  .string()
  .regex(/^[\x20-\x7e]{1,128}$/, "Idempotency-Key: expected 1 to 128 printable ASCII characters");

/** A quoted string of RFC 8941, the draft's form of a key. */
const quoted = /^"((?:[^"\\]|\\["\\])*)"$/;

/** The call's key, without its quotes. Other routes ignore the header. */
export function readKey(
  event: Pick<APIGatewayProxyEvent, "headers">,
  contract: Pick<Contract, "idempotencyKey"> = {},
): string | undefined {
  const given = header(event, "idempotency-key");
  if (given === undefined && contract.idempotencyKey === "required")
    refuse("request_invalid", { problem: "Idempotency-Key: required" });
  if (given === undefined) return undefined;
  const [, inner] = quoted.exec(given) ?? [];
  return parseInput(IdempotencyKey, inner?.replace(/\\(.)/g, "$1") ?? given);
}
