import { Aws, Stack } from "aws-cdk-lib";
import {
  AccessLogFormat,
  ApiDefinition,
  EndpointType,
  LogGroupLogDestination,
  SpecRestApi,
  type StageOptions,
} from "aws-cdk-lib/aws-apigateway";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { removalPolicyOf } from "../data/data.ts";
import { apiName, functionName, logName } from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";

/** One log for all functions of an API, or for its access log, with the stage's retention. */
export function logGroup(scope: Construct, id: string, stage: Stage, name: string): LogGroup {
  return new LogGroup(scope, id, {
    logGroupName: logName(stage.name, name),
    retention: stage.logRetention,
    removalPolicy: removalPolicyOf(stage),
  });
}

/** The role with which API Gateway calls the stage's functions, and no others. */
export function gatewayRole(scope: Construct, stage: Stage): Role {
  const functions = functionArn(stage, "*");
  const invoke = new PolicyStatement({
    actions: ["lambda:InvokeFunction"],
    resources: [functions],
  });
  return new Role(scope, "gateway-role", {
    assumedBy: new ServicePrincipal("apigateway.amazonaws.com"),
    inlinePolicies: { invoke: new PolicyDocument({ statements: [invoke] }) },
  });
}

/** A function's ARN, by name: by reference, a route would make two stacks depend on each other. */
export const functionArn = (stage: Stage, name: string) =>
  `arn:${Aws.PARTITION}:lambda:${Aws.REGION}:${Aws.ACCOUNT_ID}:function:${functionName(stage.name, name)}`;

/** The alias through which the gateway calls a function, if it has one. */
export const aliasName = "live";

/** The ARN for calling a function of the route table: its alias's, if it has one. */
export function calledArn(stage: Stage, name: string): string {
  const hasAlias = (stage.canaries as readonly string[]).includes(name);
  return `${functionArn(stage, name)}${hasAlias ? `:${aliasName}` : ""}`;
}

/** The URI by which API Gateway calls a function of the route table. */
export const uriOf = (stage: Stage) => (name: string) => {
  const qualified = calledArn(stage, name);
  return `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${qualified}/invocations`;
};

/**
 * The access log's fields for each call: no query and no header, since both may contain a token.
 */
const accessFields = {
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  method: "$context.httpMethod",
  path: "$context.resourcePath",
  status: "$context.status",
  bytes: "$context.responseLength",
  milliseconds: "$context.responseLatency",
  caller: "$context.authorizer.principalId",
  failure: "$context.error.responseType",
};

/** The key with which an API's document overrides the usual compression threshold. */
export const compressionKey = "x-amazon-apigateway-minimum-compression-size";

/** Shorter bodies are sent uncompressed: compressing them saves nothing. */
const compressedBytesMin = 1024;

/** A REST API from an OpenAPI document, with its one stage, its limits and its access log. */
export function restApi(
  scope: Construct,
  stage: Stage,
  name: string,
  document: object,
  options: Pick<StageOptions, "methodOptions"> & { stageName: string },
): SpecRestApi {
  const accessLog = logGroup(scope, "access-log", stage, `${name}-access`);
  return new SpecRestApi(scope, "api", {
    restApiName: apiName(stage.name, name),
    apiDefinition: ApiDefinition.fromInline({ [compressionKey]: compressedBytesMin, ...document }),
    endpointTypes: [EndpointType.REGIONAL],
    // The role belongs to the account, not the stage: lib/identity/account.ts.
    cloudWatchRole: false,
    deployOptions: {
      throttlingRateLimit: stage.throttle.rate,
      throttlingBurstLimit: stage.throttle.burst,
      ...options,
      accessLogDestination: new LogGroupLogDestination(accessLog),
      accessLogFormat: AccessLogFormat.custom(JSON.stringify(accessFields)),
    },
  });
}

/** The URL of an API without a domain, without its stage. */
export function hostOf(api: SpecRestApi): string {
  const { region, urlSuffix } = Stack.of(api);
  return `https://${api.restApiId}.execute-api.${region}.${urlSuffix}`;
}

/** The access log of the WebSocket API: route, connection and outcome. */
export function accessLogSettings(scope: Construct, stage: Stage) {
  const log = logGroup(scope, "access-log", stage, "realtime-access");
  const format = {
    requestId: "$context.requestId",
    time: "$context.requestTimeEpoch",
    route: "$context.routeKey",
    event: "$context.eventType",
    connection: "$context.connectionId",
    status: "$context.status",
    caller: "$context.authorizer.principalId",
  };
  return { destinationArn: log.logGroupArn, format: JSON.stringify(format) };
}
