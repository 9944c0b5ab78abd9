import * as z from "zod";
import { functionNameOf, type WebSocketApi } from "../model.ts";
import { nameResource } from "./intrinsics.ts";
import { findResources } from "./resources.ts";
import type { Templates } from "./templates.ts";

const Api = z.object({
  ProtocolType: z.literal("WEBSOCKET"),
  RouteSelectionExpression: z.string().default("$request.body.action"),
});
const Route = z.object({
  ApiId: z.string(),
  RouteKey: z.string(),
  Target: z.string(),
  AuthorizationType: z.string().default("NONE"),
  AuthorizerId: z.string().optional(),
});
const Integration = z.object({
  ApiId: z.string(),
  IntegrationUri: z.string(),
  CredentialsArn: z.string().optional(),
});
const Authorizer = z.object({
  ApiId: z.string(),
  AuthorizerUri: z.string(),
  AuthorizerCredentialsArn: z.string().optional(),
  IdentitySource: z.tuple([]).optional(),
});
const StageProperties = z.object({
  ApiId: z.string(),
  StageName: z.string(),
  DefaultRouteSettings: z
    .object({
      ThrottlingRateLimit: z.coerce.number().optional(),
      ThrottlingBurstLimit: z.coerce.number().optional(),
    })
    .optional(),
});

/**
 * The WebSocket APIs with their routes and authorizers, one entry per stage. Throws if a route has
 * no target.
 */
export function readWebSocketApis(templates: Templates): WebSocketApi[] {
  const integrations = new Map<string, { functionName: string; credentials?: string }>();
  for (const { stack, id, properties } of findResources(
    templates,
    "AWS::ApiGatewayV2::Integration",
    Integration,
  )) {
    const { IntegrationUri, CredentialsArn } = properties;
    integrations.set(nameResource(templates, stack, id), {
      functionName: functionNameOf(IntegrationUri),
      ...(CredentialsArn && { credentials: CredentialsArn }),
    });
  }
  type SocketAuthorizer = NonNullable<WebSocketApi["routes"][string]["authorizer"]>;
  const authorizers = new Map<string, SocketAuthorizer>();
  for (const { stack, id, properties } of findResources(
    templates,
    "AWS::ApiGatewayV2::Authorizer",
    Authorizer,
  )) {
    authorizers.set(nameResource(templates, stack, id), {
      functionName: functionNameOf(properties.AuthorizerUri),
      ...(properties.AuthorizerCredentialsArn && {
        credentials: properties.AuthorizerCredentialsArn,
      }),
    });
  }
  const routes = [...findResources(templates, "AWS::ApiGatewayV2::Route", Route)];
  const stages = [...findResources(templates, "AWS::ApiGatewayV2::Stage", StageProperties)];
  const apis: WebSocketApi[] = [];
  for (const { stack, id, properties } of findResources(templates, "AWS::ApiGatewayV2::Api", Api)) {
    const apiId = nameResource(templates, stack, id);
    const own: WebSocketApi["routes"] = {};
    for (const { id: routeId, properties: route } of routes) {
      if (route.ApiId !== apiId) continue;
      const integration = integrations.get(route.Target.replace(/^integrations\//, ""));
      if (integration === undefined) throw new Error(`The route ${routeId} has no integration`);
      const authorizer = route.AuthorizerId ? authorizers.get(route.AuthorizerId) : undefined;
      if (route.AuthorizationType === "CUSTOM" && authorizer === undefined)
        throw new Error(`The route ${routeId} names an authorizer that no template has`);
      own[route.RouteKey] = { ...integration, ...(authorizer && { authorizer }) };
    }
    for (const { properties: stage } of stages) {
      if (stage.ApiId !== apiId) continue;
      const { ThrottlingRateLimit, ThrottlingBurstLimit } = stage.DefaultRouteSettings ?? {};
      apis.push({
        id: apiId,
        stageName: stage.StageName,
        routeSelectionExpression: properties.RouteSelectionExpression,
        routes: own,
        ...(ThrottlingRateLimit !== undefined && { rateLimit: ThrottlingRateLimit }),
        ...(ThrottlingBurstLimit !== undefined && { burstLimit: ThrottlingBurstLimit }),
      });
    }
  }
  return apis;
}
