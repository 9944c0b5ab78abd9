import * as z from "zod";
import type { GatewayResponse, OpenApiBody, OpenApiOperation, RestApi } from "../model.ts";
import { nameResource } from "./intrinsics.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const Texts = z.record(z.string(), z.string());
const GatewayResponseBody = z.object({
  statusCode: z.union([z.string(), z.number()]).optional(),
  responseParameters: Texts.optional(),
  responseTemplates: Texts.optional(),
});
const Operation = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  "x-amazon-apigateway-integration": z.object({
    type: z.string().transform((type) => type.toLowerCase()),
    uri: z.string().optional(),
    httpMethod: z.string().optional(),
    credentials: z.string().optional(),
    timeoutInMillis: z.number().optional(),
    requestTemplates: Texts.optional(),
    responses: z
      .record(
        z.string(),
        z.object({
          statusCode: z.coerce.string(),
          responseParameters: Texts.optional(),
          responseTemplates: Texts.optional(),
        }),
      )
      .optional(),
  }),
});
const methods = ["get", "put", "post", "delete", "options", "head", "patch"];
const isOperation = (key: string) =>
  methods.includes(key) || key === "x-amazon-apigateway-any-method";
const Body = z.object({
  paths: z.record(
    z.string().startsWith("/"),
    z.record(z.string(), z.unknown()).transform((item, context) => {
      const operations: Record<string, OpenApiOperation> = {};
      for (const [key, value] of Object.entries(item)) {
        if (!isOperation(key)) continue;
        const checked = Operation.safeParse(value);
        if (checked.success) operations[key] = withoutUndefined(checked.data);
        else context.addIssue({ code: "custom", message: `${key}: ${checked.error.message}` });
      }
      return operations;
    }),
  ),
  components: z
    .object({
      securitySchemes: z
        .record(
          z.string(),
          z.object({
            "x-amazon-apigateway-authorizer": z
              .object({
                type: z.enum(["request", "token"]),
                authorizerUri: z.string(),
                authorizerCredentials: z.string().optional(),
                identitySource: z.string().optional(),
                authorizerResultTtlInSeconds: z.coerce.number().optional(),
              })
              .optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  "x-amazon-apigateway-gateway-responses": z.record(z.string(), GatewayResponseBody).optional(),
  "x-amazon-apigateway-binary-media-types": z.array(z.string()).optional(),
  "x-amazon-apigateway-minimum-compression-size": z.number().int().optional(),
});

const Api = z.object({
  Name: z.string().optional(),
  Body: z.record(z.string(), z.unknown()),
  BinaryMediaTypes: z.array(z.string()).optional(),
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
const GatewayResponseProperties = z.object({
  RestApiId: z.string(),
  ResponseType: z.string(),
  StatusCode: z.string().optional(),
  ResponseParameters: Texts.optional(),
  ResponseTemplates: Texts.optional(),
});

/** The deployed REST APIs. Throws for an API without an inline OpenAPI body. */
export function readRestApis(templates: Templates): RestApi[] {
  const stages = [...findResources(templates, "AWS::ApiGateway::Stage", StageProperties)];
  const responses = [
    ...findResources(templates, "AWS::ApiGateway::GatewayResponse", GatewayResponseProperties),
  ];
  const apis: RestApi[] = [];
  for (const { stack, id, properties } of findResources(
    templates,
    "AWS::ApiGateway::RestApi",
    Api,
  )) {
    const apiId = nameResource(templates, stack, id);
    const document = withoutUndefined(Body.parse(properties.Body)) as OpenApiBody;
    const ownResponses: Record<string, GatewayResponse> = {
      ...document["x-amazon-apigateway-gateway-responses"],
    };
    for (const { properties: response } of responses) {
      if (response.RestApiId !== apiId) continue;
      ownResponses[response.ResponseType] = withoutUndefined({
        statusCode: response.StatusCode,
        responseParameters: response.ResponseParameters,
        responseTemplates: response.ResponseTemplates,
      });
    }
    const binary =
      properties.BinaryMediaTypes ?? document["x-amazon-apigateway-binary-media-types"] ?? [];
    for (const { properties: stage } of stages) {
      if (stage.RestApiId !== apiId) continue;
      apis.push({
        id: apiId,
        name: properties.Name ?? id,
        stageName: stage.StageName,
        document: {
          ...document,
          "x-amazon-apigateway-gateway-responses": ownResponses,
          "x-amazon-apigateway-binary-media-types": binary,
        },
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

function withoutUndefined<Value>(value: Value): Defined<Value> {
  return JSON.parse(JSON.stringify(value)) as Defined<Value>;
}

/** The same type, with members that may be undefined made optional. */
type Defined<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? {
        [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Defined<Value[Key]>;
      } & {
        [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Defined<
          Exclude<Value[Key], undefined>
        >;
      }
    : Value;
