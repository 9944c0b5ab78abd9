import * as z from "zod";
import type { RestApi } from "../model.ts";
import { nameResource } from "./intrinsics.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const Texts = z.record(z.string(), z.string());
const GatewayResponseBody = z.object({
  statusCode: z.union([z.string(), z.number()]).exactOptional(),
  responseParameters: Texts.exactOptional(),
  responseTemplates: Texts.exactOptional(),
});
const Operation = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))).exactOptional(),
  "x-amazon-apigateway-integration": z.object({
    type: z.string().transform((type) => type.toLowerCase()),
    uri: z.string().exactOptional(),
    httpMethod: z.string().exactOptional(),
    credentials: z.string().exactOptional(),
    timeoutInMillis: z.number().exactOptional(),
    requestTemplates: Texts.exactOptional(),
    responses: z
      .record(
        z.string(),
        z.object({
          statusCode: z.coerce.string(),
          responseParameters: Texts.exactOptional(),
          responseTemplates: Texts.exactOptional(),
        }),
      )
      .exactOptional(),
  }),
});
const method = /^(get|put|post|delete|options|head|patch|x-amazon-apigateway-any-method)$/;
const Authorizer = z.object({
  type: z.literal("request"),
  authorizerUri: z.string(),
  authorizerCredentials: z.string().exactOptional(),
  identitySource: z
    .string()
    .regex(/^method\.request\.header\.[\w-]+$/)
    .exactOptional(),
  authorizerResultTtlInSeconds: z.coerce.number().exactOptional(),
});
const Scheme = z.object({ "x-amazon-apigateway-authorizer": Authorizer.exactOptional() });
const Body = z.object({
  paths: z.record(z.string().startsWith("/"), z.record(z.string().regex(method), Operation)),
  components: z
    .object({ securitySchemes: z.record(z.string(), Scheme).exactOptional() })
    .exactOptional(),
  "x-amazon-apigateway-gateway-responses": z
    .record(z.string(), GatewayResponseBody)
    .exactOptional(),
  "x-amazon-apigateway-binary-media-types": z.array(z.string()).exactOptional(),
  "x-amazon-apigateway-minimum-compression-size": z.number().int().exactOptional(),
});

const Api = z.object({
  Name: z.string().optional(),
  Body,
  BinaryMediaTypes: z.never().optional(),
});
const StageProperties = z.object({
  RestApiId: z.string(),
  StageName: z.string(),
  MethodSettings: z
    .array(
      z.object({
        ResourcePath: z.string().default("/*"),
        HttpMethod: z.string().default("*"),
        ThrottlingRateLimit: z.coerce.number().optional(),
        ThrottlingBurstLimit: z.coerce.number().optional(),
      }),
    )
    .default([]),
  AccessLogSetting: z.object({ DestinationArn: z.string(), Format: z.string() }).optional(),
});

/** The deployed REST APIs. Throws for an API without an inline OpenAPI body. */
export function readRestApis(templates: Templates): RestApi[] {
  const stages = [...findResources(templates, "AWS::ApiGateway::Stage", StageProperties)];
  const apis: RestApi[] = [];
  const found = findResources(templates, "AWS::ApiGateway::RestApi", Api);
  for (const { stack, id, properties } of found) {
    const apiId = nameResource(templates, stack, id);
    for (const { properties: stage } of stages) {
      if (stage.RestApiId !== apiId) continue;
      apis.push({
        id: apiId,
        name: properties.Name ?? id,
        stageName: stage.StageName,
        document: properties.Body,
        methodSettings: stage.MethodSettings.map((setting) => ({
          path: readResourcePath(setting.ResourcePath),
          method: setting.HttpMethod,
          ...(setting.ThrottlingRateLimit !== undefined && {
            rateLimit: setting.ThrottlingRateLimit,
          }),
          ...(setting.ThrottlingBurstLimit !== undefined && {
            burstLimit: setting.ThrottlingBurstLimit,
          }),
        })),
        ...(stage.AccessLogSetting && { accessLog: readAccessLog(stage.AccessLogSetting) }),
      });
    }
  }
  return apis;
}

function readAccessLog({ DestinationArn, Format }: { DestinationArn: string; Format: string }) {
  const logGroup = /:log-group:([^:]+)/.exec(DestinationArn)?.[1];
  if (logGroup === undefined) throw new Error(`Expected a log group, found ${DestinationArn}`);
  return { logGroup, format: Format };
}

/** `/~1chat~1messages` is CloudFormation's spelling of `/chat/messages`, `/*` stands for all. */
function readResourcePath(path: string): string {
  return path.startsWith("/~1") ? path.slice(1).replaceAll("~1", "/") : path;
}
