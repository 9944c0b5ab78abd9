import { randomBytes, randomUUID } from "node:crypto";
import { BodyBytes, largeBodyMin } from "../body-bytes.ts";
import type { RestApi } from "../model.ts";
import { ownHostOf } from "./loopback.ts";

/**
 * A request as the REST gateway receives it. `path` is as sent, without the query and without the
 * API's mount.
 */
export type RestRequest = {
  method: string;
  path: string;
  /** The part before `path`: where the API is mounted. */
  prefix?: string;
  query: string;
  /** Names as sent, in order, one entry per header line. */
  headers: [name: string, value: string][];
  body: Buffer;
  /** Whether the edge refused the body for its length; `body` is empty then. */
  isTooLarge?: boolean;
  sourceIp: string;
  /** The address of this machine at which it arrived. */
  ownIp?: string;
  protocol: string;
  receivedMilliseconds: number;
};

/** The response as sent over the wire. */
export type RestAnswer = {
  statusCode: number;
  headers: [name: string, value: string][];
  body: Buffer;
  /** Whether the body is not used after it was sent, so that its buffer may be transferred. */
  isBodyOwn?: boolean;
  /** The sender, for the log: a function, or the gateway and its response type. */
  by: string;
  /** The type of the gateway's own response. */
  responseType?: string;
  /**
   * The requested route, for the log: its path and never the values in it, which may be secrets.
   * Absent if no route was found.
   */
  route?: string;
};

/** The `requestContext` of an event and the `$context` of a gateway response. */
export type RequestContext = {
  accountId: string;
  apiId: string;
  authorizer?: Record<string, unknown>;
  /** Absent if the requested host is not a name of this machine. */
  domainName?: string;
  domainPrefix: string;
  extendedRequestId: string;
  httpMethod: string;
  identity: Record<string, string | null>;
  path: string;
  protocol: string;
  requestId: string;
  requestTime: string;
  requestTimeEpoch: number;
  resourceId: string;
  resourcePath: string;
  stage: string;
};

/** The common log format of `$context.requestTime`: `09/Apr/2015:12:34:56 +0000`. */
export function formatRequestTime(milliseconds: number): string {
  // toUTCString gives `Thu, 09 Apr 2015 12:34:56 GMT`.
  const [, day, month, year, time] = new Date(milliseconds).toUTCString().split(" ");
  return `${day}/${month}/${year}:${time} +0000`;
}

/** The last value of a header, regardless of case; undefined if it was not sent. */
export function findHeader(
  request: Pick<RestRequest, "headers">,
  name: string,
): string | undefined {
  const wanted = name.toLowerCase();
  return request.headers.findLast(([sent]) => sent.toLowerCase() === wanted)?.[1];
}

/** The context of a request to a resource such as `/gifts/{id}`. */
export function newRequestContext(
  api: Pick<RestApi, "id" | "stageName">,
  account: string,
  request: RestRequest,
  resourcePath: string,
): RequestContext {
  const domainName = ownHostOf(findHeader(request, "host"), request.ownIp);
  return {
    accountId: account,
    apiId: api.id,
    ...(domainName !== undefined && { domainName }),
    domainPrefix: api.id,
    extendedRequestId: randomBytes(11).toString("base64"),
    httpMethod: request.method,
    identity: {
      accessKey: null,
      accountId: null,
      caller: null,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp: request.sourceIp,
      user: null,
      userAgent: findHeader(request, "user-agent") ?? null,
      userArn: null,
    },
    path: `${request.prefix ?? ""}${request.path}`,
    protocol: request.protocol,
    requestId: randomUUID(),
    requestTime: formatRequestTime(request.receivedMilliseconds),
    requestTimeEpoch: request.receivedMilliseconds,
    resourceId: Buffer.from(resourcePath).toString("hex").slice(-6).padStart(6, "0"),
    resourcePath,
    stage: api.stageName,
  };
}

/** A request's headers, with those that the gateway adds, and the fields of its query. */
export function collectFields({ headers, sourceIp, query }: RestRequest) {
  return {
    headers: collectHeaders([
      ...headers,
      ["X-Forwarded-For", sourceIp],
      ["X-Forwarded-Proto", "http"],
    ]),
    query: collect([...new URLSearchParams(query)]),
  };
}

/**
 * The fields that a proxy event and an authorizer's event share, in the format of Lambda proxy
 * integrations, version 1.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function eventHeadOf(
  request: RestRequest,
  context: RequestContext,
  pathParameters: Record<string, string>,
) {
  const { headers, query } = collectFields(request);
  return {
    resource: context.resourcePath,
    path: request.path,
    httpMethod: request.method,
    headers: headers.last,
    multiValueHeaders: headers.all,
    queryStringParameters: query.last,
    multiValueQueryStringParameters: query.all,
    pathParameters: Object.keys(pathParameters).length === 0 ? null : pathParameters,
    stageVariables: null,
    requestContext: context,
  };
}

/** Whether a media type is among those that the API treats as bytes: exact, `type/*`, or all. */
export function isBinary(api: RestApi, mediaType: string | undefined): boolean {
  const sent = (mediaType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  return (api.document["x-amazon-apigateway-binary-media-types"] ?? []).some((type) => {
    const listed = type.toLowerCase();
    if (listed === "*/*") return true;
    if (sent === "") return false;
    return listed === sent || (listed.endsWith("/*") && sent.startsWith(listed.slice(0, -1)));
  });
}

/** The body in an event: base64 for binary media types, else text, else null. */
export function eventBodyOf(api: RestApi, request: RestRequest) {
  if (request.body.length === 0) return { body: null, isBase64Encoded: false };
  const isBase64Encoded = isBinary(api, findHeader(request, "content-type"));
  const { body: bytes } = request;
  if (isBase64Encoded && bytes.length >= largeBodyMin)
    return { body: new BodyBytes({ bytes, encoding: "base64" }), isBase64Encoded };
  return { body: bytes.toString(isBase64Encoded ? "base64" : "utf8"), isBase64Encoded };
}

/** As `collect`, for headers, whose names are case-insensitive. */
function collectHeaders(pairs: Iterable<[string, string]>) {
  return collect(pairs, (name) => name.toLowerCase());
}

/**
 * Names and values in an event: the last value of each name, and all of them. Names with the same
 * `keyOf` are one name, in its first spelling. Null if there is none.
 */
function collect(
  pairs: Iterable<[string, string]>,
  keyOf: (name: string) => string = (name) => name,
) {
  // Without a prototype, since `__proto__` is a name that a client may send.
  const last: Record<string, string> = Object.create(null);
  const all: Record<string, string[]> = Object.create(null);
  const spelling = new Map<string, string>();
  for (const [name, value] of pairs) {
    const key = spelling.get(keyOf(name)) ?? name;
    spelling.set(keyOf(name), key);
    last[key] = value;
    all[key] = [...(all[key] ?? []), value];
  }
  return spelling.size === 0 ? { last: null, all: null } : { last, all };
}
