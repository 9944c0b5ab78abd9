import { validateHeaderName, validateHeaderValue } from "node:http";
import * as z from "zod";
import { BodyBytes } from "../body-bytes.ts";
import type { OpenApiOperation, RestApi } from "../model.ts";
import { readParameter, readVariable } from "./gateway-responses.ts";
import type { RequestContext, RestAnswer, RestRequest } from "./rest-request.ts";
import { findHeader, isBinary } from "./rest-request.ts";

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const ProxyAnswer = z.object({
  statusCode: z.coerce.number().int().min(200).max(599),
  headers: z.record(z.string(), Value).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(Value)).nullish(),
  body: z.union([z.string(), z.instanceof(BodyBytes)]).nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

/** Headers that only the gateway sets; a function's value is renamed. */
const remapped = new Set(
  "authorization connection content-length date host server te trailer transfer-encoding upgrade user-agent www-authenticate".split(
    " ",
  ),
);

/**
 * Turns a function's result into an HTTP response as a Lambda proxy integration does; undefined if
 * it is malformed.
 */
export function readProxyAnswer(
  payload: unknown,
  api: RestApi,
  request: RestRequest,
  functionName: string,
): RestAnswer | undefined {
  const checked = ProxyAnswer.safeParse(payload);
  if (!checked.success) return undefined;
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = checked.data;
  const merged = new Map<string, [string, string[]]>();
  for (const [name, value] of Object.entries(headers ?? {})) {
    merged.set(name.toLowerCase(), [name, [value]]);
  }
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) {
    const before = merged.get(name.toLowerCase())?.[1] ?? [];
    const others = before.filter((value) => !values.includes(value));
    merged.set(name.toLowerCase(), [name, [...others, ...values]]);
  }
  if (!merged.has("content-type"))
    merged.set("content-type", ["Content-Type", ["application/json"]]);
  const pairs: [string, string][] = [];
  for (const [key, [name, values]] of merged) {
    if (key === "content-length" || key === "transfer-encoding" || key === "connection") continue;
    const sent = remapped.has(key) ? `x-amzn-Remapped-${name}` : name;
    for (const value of values) pairs.push([sent, value]);
  }
  if (!pairs.every(isSendable)) return undefined;
  // Base64 is decoded only if the client's first accepted media type is listed as binary.
  const accepted = findHeader(request, "accept")?.split(",")[0] ?? "application/json";
  const isBytes = isBase64Encoded === true && isBinary(api, accepted);
  return {
    statusCode,
    headers: pairs,
    body: bytesOf(body ?? "", isBytes),
    isBodyOwn: true,
    by: functionName,
  };
}

/** The bytes of a body as sent: its text, or with `isBytes` what its base64 encodes. */
function bytesOf(body: string | BodyBytes, isBytes: boolean): Buffer {
  if (typeof body === "string") return Buffer.from(body, isBytes ? "base64" : "utf8");
  return isBytes || body.encoding === "utf8" ? body.bytes : Buffer.from(body.toJSON());
}

function isSendable([name, value]: [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

/** The response of a MOCK integration, with which an API handles CORS preflights itself. */
export function answerMock(
  operation: OpenApiOperation,
  request: RestRequest,
  context: RequestContext,
): RestAnswer | undefined {
  const { requestTemplates, responses } = operation["x-amazon-apigateway-integration"];
  const chosen = /"?statusCode"?\s*:\s*(\d+)/.exec(requestTemplates?.["application/json"] ?? "");
  if (chosen?.[1] === undefined) return undefined;
  const response = responses?.[chosen[1]] ?? responses?.default;
  if (response === undefined) return undefined;
  const read = (expression: string) => readVariable(expression, request, context);
  const headers: [string, string][] = [];
  for (const [target, source] of Object.entries(response.responseParameters ?? {})) {
    const name = /^method\.response\.header\.(.+)$/.exec(target)?.[1];
    if (name) headers.push([name, readParameter(source, read)]);
  }
  const [mediaType, template] = Object.entries(response.responseTemplates ?? {})[0] ?? [];
  if (mediaType) headers.push(["Content-Type", mediaType]);
  return {
    statusCode: Number(response.statusCode),
    headers,
    body: Buffer.from(template ?? ""),
    by: "MOCK",
  };
}
