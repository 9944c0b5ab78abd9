import {
  functionNameOf,
  type InvocationResult,
  type Invoke,
  type RestApi,
  type Stage,
} from "../model.ts";
import { accessLineOf } from "./access-log.ts";
import { compressAnswer, decompressRequest } from "./compression.ts";
import type { GatewayResponseType } from "./gateway-responses.ts";
import { answerFromGateway } from "./gateway-responses.ts";
import { answerMock, readProxyAnswer } from "./rest-answer.ts";
import { createAuthorize } from "./rest-authorizer.ts";
import { assertMayInvoke } from "./rest-policy.ts";
import type { RequestContext, RestAnswer, RestRequest } from "./rest-request.ts";
import { eventBodyOf, eventHeadOf, newRequestContext } from "./rest-request.ts";
import type { RouteMatch } from "./rest-routes.ts";
import { createRoutes, findOperation } from "./rest-routes.ts";
import type { Throttle } from "./throttle.ts";
import { createThrottle } from "./throttle.ts";

/** The longest integration timeout, unless the API requested more. */
const integrationMillisecondsMax = 29_000;

export type AnswerRequest = (request: RestRequest) => Promise<RestAnswer>;

type RestOptions = {
  integrationMilliseconds?: number;
  /** Receives the lines of the API's access log, each with the log's group. */
  logAccess?(logGroup: string, line: () => string): void;
  /** Receives the sizes of each request and response, in bytes. */
  answered?(bytesIn: number, bytesOut: number): void;
};

/**
 * Makes one REST API of a stage handle requests: route, throttle, authorizer, integration, gateway
 * responses, in API Gateway's order and within its limits. Throws if an operation has no function.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
export function createRestApi(
  api: RestApi,
  stage: Pick<Stage, "functions" | "roles" | "account" | "region">,
  invoke: Invoke,
  { integrationMilliseconds = integrationMillisecondsMax, logAccess, answered }: RestOptions = {},
): AnswerRequest {
  checkIntegrations(api, stage);
  const findRoute = createRoutes(api.document);
  const authorize = createAuthorize(api, stage.region, invoke);
  const admits = createAdmission(api);
  const minimumBytes = api.document["x-amazon-apigateway-minimum-compression-size"];

  return async (request) => {
    const found = findRoute(request.path);
    const context = newRequestContext(api, stage.account, request, found?.resourcePath ?? "/");
    // Measured first, because a large body is transferred to its function with the event.
    const bytesIn = request.body.length;
    const answer = await answerRequest(found, request, context);
    answer.headers.push(["x-amzn-RequestId", context.requestId]);
    answer.headers.push(["x-amz-apigw-id", context.extendedRequestId]);
    if (found !== undefined) answer.route = found.resourcePath;
    const sent = await compressAnswer(answer, request, minimumBytes);
    answered?.(bytesIn, sent.body.length);
    if (api.accessLog !== undefined) {
      const { logGroup, format } = api.accessLog;
      logAccess?.(logGroup, () => accessLineOf(format, request, context, sent));
    }
    return sent;
  };

  async function answerRequest(
    found: RouteMatch | undefined,
    request: RestRequest,
    context: RequestContext,
  ): Promise<RestAnswer> {
    const refuse = (type: GatewayResponseType) => answerFromGateway(api, type, request, context);
    if (request.isTooLarge) return refuse("REQUEST_TOO_LARGE");
    const operation = found && findOperation(found, request.method);
    if (!operation) return refuse("MISSING_AUTHENTICATION_TOKEN");
    if (!admits(found.resourcePath, request.method)) return refuse("THROTTLED");
    const verdict = await authorize(operation, request, context, found.pathParameters);
    if (verdict.authorizer) context.authorizer = verdict.authorizer;
    if (verdict.refusal) return refuse(verdict.refusal);
    const integration = operation["x-amazon-apigateway-integration"];
    if (integration.type === "mock")
      return answerMock(operation, request, context) ?? refuse("API_CONFIGURATION_ERROR");
    const functionName = functionNameOf(integration.uri ?? "");
    const plain = await decompressRequest(request);
    if (typeof plain === "string") return refuse(plain);
    const result = await within(
      Math.min(integration.timeoutInMillis ?? integrationMilliseconds, integrationMilliseconds),
      invoke(functionName, {
        ...eventHeadOf(plain, context, found.pathParameters),
        ...eventBodyOf(api, plain),
      }),
    );
    if (result === undefined) return refuse("INTEGRATION_TIMEOUT");
    if (!result.ok) return refuse(typeOfFailure(result));
    const answer = readProxyAnswer(result.payload, api, request, functionName);
    return answer ?? refuse("INTEGRATION_FAILURE");
  }
}

/**
 * For API Gateway, a function that Lambda throttles has failed like any other: it uses 429 only for
 * its own limits.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integrations.html
 */
const typeOfFailure = ({ error }: InvocationResult & { ok: false }): GatewayResponseType =>
  error.errorType === "RequestTooLargeException" ? "REQUEST_TOO_LARGE" : "INTEGRATION_FAILURE";

async function within<Value>(
  milliseconds: number,
  work: Promise<Value>,
): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A method's own throttle settings override those of the whole stage; each method has a bucket. */
function createAdmission(api: RestApi): (resourcePath: string, method: string) => boolean {
  const throttles = new Map<string, Throttle>();
  return (resourcePath, method) => {
    const key = `${method} ${resourcePath}`;
    let throttle = throttles.get(key);
    if (throttle === undefined) {
      const settings = api.methodSettings.filter(
        (setting) =>
          (setting.path === resourcePath || setting.path === "/*") &&
          (setting.method === method || setting.method === "*"),
      );
      settings.sort((a, b) => Number(a.path === "/*") - Number(b.path === "/*"));
      throttle = createThrottle(settings.find(({ rateLimit }) => rateLimit !== undefined) ?? {});
      throttles.set(key, throttle);
    }
    return throttle.admits();
  };
}

function checkIntegrations(api: RestApi, stage: Pick<Stage, "functions" | "roles">): void {
  for (const [path, operations] of Object.entries(api.document.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const { type, uri, credentials } = operation["x-amazon-apigateway-integration"];
      if (type === "mock") continue;
      if (type !== "aws_proxy") throw new Error(`${method} ${path}: no integration ${type} here.`);
      const name = functionNameOf(uri ?? "");
      const lambda = stage.functions[name];
      if (lambda === undefined)
        throw new Error(`${api.name}, ${method} ${path}: no template has the function ${name}.`);
      assertMayInvoke(stage, credentials, lambda.arn);
    }
  }
  for (const scheme of Object.values(api.document.components?.securitySchemes ?? {})) {
    const authorizer = scheme["x-amazon-apigateway-authorizer"];
    if (authorizer === undefined) continue;
    const lambda = stage.functions[functionNameOf(authorizer.authorizerUri)];
    if (lambda === undefined) throw new Error(`${api.name}: no template has its authorizer.`);
    assertMayInvoke(stage, authorizer.authorizerCredentials, lambda.arn);
  }
}
