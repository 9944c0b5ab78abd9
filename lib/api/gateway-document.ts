import { type Contract, methodAndPath } from "../../platform/http/contract.ts";
import { allowedHeaders, preflightSeconds } from "../../platform/http/cors.ts";
import { catchAll, type Row } from "../stages/route-table.ts";
import { gatewayResponses } from "./gateway-responses.ts";

/** What the document needs to know about its deployment. */
export type Gateway = {
  title: string;
  /** The URI with which the gateway calls a function, by its name in the route table. */
  uriOf: (name: string) => string;
  /** The role with which it calls the function. */
  credentials: string;
  /** The authorizer's name in the route table. */
  authorizer: string;
  authorizerCacheSeconds: number;
  origins: readonly string[];
};

/** One operation of a document, and the methods of one path. */
type Operation = Record<string, unknown>;
export type PathItem = Record<string, Operation>;

/** The operation for all methods without their own operation on a path. */
export const anyMethod = "x-amazon-apigateway-any-method";

/**
 * The API's body for API Gateway: OpenAPI 3.0.1 (it does not import 3.1) with paths, parameters,
 * security and integrations, but without schemas: functions validate. Every path has an any-method
 * that returns 404 without an authorizer, because for an unknown method with a Bearer header the
 * gateway would return a signature error that quotes the token.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 */
export function gatewayDocument(
  routes: readonly Row<Contract>[],
  notFound: string,
  gateway: Gateway,
) {
  const paths: Record<string, PathItem> = { "/": {}, [catchAll]: {} };
  for (const { name, contract } of routes) {
    const [method, path] = methodAndPath(contract);
    paths[path] ??= {};
    if (paths[path][method.toLowerCase()] !== undefined)
      throw new Error(`Two functions answer ${contract.route}`);
    paths[path][method.toLowerCase()] = {
      ...parametersOf(path),
      ...securityOf(contract),
      ...integration(name, gateway),
    };
  }
  for (const path of Object.keys(paths))
    for (const prefix of prefixesOf(path)) paths[prefix] ??= {};
  for (const [path, item] of Object.entries(paths))
    item.options = { ...parametersOf(path), ...preflight(gateway.origins) };
  return {
    ...documentOf(gateway, paths, notFound),
    components: { securitySchemes: securitySchemes(gateway) },
  };
}

/** What the document of an API without authorizers needs to know. */
export type OpenGateway = Pick<Gateway, "title" | "uriOf" | "credentials">;

/** The body of a REST API with these paths; the function `rest` gets all their other methods. */
export function documentOf(
  gateway: OpenGateway,
  paths: Record<string, PathItem>,
  rest: string,
  responses = gatewayResponses(),
) {
  assertOneParameter(Object.keys(paths));
  for (const [path, item] of Object.entries(paths))
    item[anyMethod] ??= { ...parametersOf(path), ...integration(rest, gateway) };
  return {
    openapi: "3.0.1",
    info: { title: gateway.title, version: "1" },
    paths,
    "x-amazon-apigateway-gateway-responses": responses,
    ...bodiesAsBytes,
  };
}

/**
 * Every body reaches its function as bytes, whatever its content type. As text, bytes that are not
 * UTF-8 would arrive as U+FFFD, which is a valid character.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
 */
const bodiesAsBytes = { "x-amazon-apigateway-binary-media-types": ["*/*"] };

/**
 * The parent paths of a path. The gateway has a resource at each; whether it routes a request for
 * one without a method to its greedy sibling path is not documented.
 */
function prefixesOf(path: string): string[] {
  const segments = path.split("/").slice(1, -1);
  return segments.map((_, at) => `/${segments.slice(0, at + 1).join("/")}`);
}

/** The path parameters of a path. */
export function parametersOf(path: string): Operation {
  const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name);
  if (names.length === 0) return {};
  const schema = { type: "string" };
  return { parameters: names.map((name) => ({ name, in: "path", required: true, schema })) };
}

function securityOf({ caller }: Contract): Operation {
  if (caller === "anyone") return {};
  return { security: [{ [caller === "optional" ? "optional" : "token"]: [] }] };
}

/** API Gateway's longest timeout for a function. */
const timeoutMax = 29_000;

/** The integration of an operation with a function and its timeout in milliseconds. */
export function integration(
  name: string,
  { uriOf, credentials }: Pick<Gateway, "uriOf" | "credentials">,
  timeoutInMillis = timeoutMax,
): Operation {
  return {
    responses: {},
    "x-amazon-apigateway-integration": {
      type: "aws_proxy",
      httpMethod: "POST",
      uri: uriOf(name),
      credentials,
      passthroughBehavior: "when_no_match",
      timeoutInMillis,
    },
  };
}

/**
 * The response to a CORS preflight, which needs no function. A single origin is returned as such,
 * several become `*`.
 */
function preflight(origins: readonly string[]): Operation {
  const headers = {
    "Access-Control-Allow-Origin": `'${origins.length === 1 ? origins[0] : "*"}'`,
    "Access-Control-Allow-Methods": "'GET, POST, PUT, PATCH, DELETE'",
    "Access-Control-Allow-Headers": `'${allowedHeaders}'`,
    "Access-Control-Max-Age": `'${preflightSeconds}'`,
    "Cache-Control": "'no-store'",
    "X-Content-Type-Options": "'nosniff'",
    "X-Request-Id": "context.requestId",
  };
  const named = Object.entries(headers);
  const declared = named.map(([name]) => [name, { schema: { type: "string" } }]);
  const mapped = named.map(([name, value]) => [`method.response.header.${name}`, value]);
  return {
    responses: { 204: { description: "Preflight", headers: Object.fromEntries(declared) } },
    "x-amazon-apigateway-integration": {
      type: "mock",
      requestTemplates: { "application/json": '{"statusCode": 204}' },
      // JSON is a binary type here, and the template applies only to text: without this, every
      // preflight would be a 500.
      contentHandling: "CONVERT_TO_TEXT",
      passthroughBehavior: "when_no_match",
      responses: {
        default: { statusCode: "204", responseParameters: Object.fromEntries(mapped) },
      },
    },
  };
}

/**
 * Required tokens are the cache key; optional ones are not an identity source, so nothing is
 * cached.
 */
function securitySchemes(gateway: Gateway) {
  const scheme = (more: Operation) => ({
    type: "apiKey",
    name: "Authorization",
    in: "header",
    "x-amazon-apigateway-authtype": "custom",
    "x-amazon-apigateway-authorizer": {
      type: "request",
      authorizerUri: gateway.uriOf(gateway.authorizer),
      authorizerCredentials: gateway.credentials,
      ...more,
    },
  });
  return {
    token: scheme({
      identitySource: "method.request.header.Authorization",
      authorizerResultTtlInSeconds: gateway.authorizerCacheSeconds,
    }),
    optional: scheme({ authorizerResultTtlInSeconds: 0 }),
  };
}

/**
 * Throws if one position of the paths has two parameters, with different names or one of them
 * greedy: API Gateway imports only one.
 */
function assertOneParameter(paths: readonly string[]): void {
  const names = new Map<string, string>();
  for (const path of paths) {
    const segments = path.split("/");
    for (const [at, segment] of segments.entries()) {
      if (!segment.startsWith("{")) continue;
      const shape = segments
        .slice(0, at)
        .join("/")
        .replace(/\{\w+\}/g, "{}");
      const other = names.get(shape);
      if (other !== undefined && other !== segment)
        throw new Error(`${path}: the parameter here is ${other} elsewhere, not ${segment}`);
      names.set(shape, segment);
    }
  }
}
