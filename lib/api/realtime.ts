import { CfnOutput, Stack } from "aws-cdk-lib";
import {
  CfnApi,
  CfnAuthorizer,
  CfnIntegration,
  CfnRoute,
  CfnStage,
} from "aws-cdk-lib/aws-apigatewayv2";
import type { Construct } from "constructs";
import { placeFunction } from "../compute/lambdas.ts";
import { issuerOf, type Neighbours, siteOf } from "../compute/site.ts";
import { connectSource, readStatements } from "../compute/sources.ts";
import { exportForGood, told } from "../data/told.ts";
import { rowsOf, theOne } from "../stages/route-table.ts";
import { placeOf, type Stage } from "../stages/stages.ts";
import { accessLogSettings, gatewayRole, logGroup, uriOf } from "./gateway.ts";

/** The WebSocket API's only stage, which is also its path. */
const stageName = "ws";

/** The WebSocket API with a function for each route, and the functions that react to the table. */
export class Realtime extends Stack {
  readonly apiId: string;
  /** Ids of the mappings that read the table's stream, by the function they call. */
  readonly streamMappings: Record<string, string> = {};
  readonly sockets: NonNullable<Neighbours["sockets"]>;

  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    const api = new CfnApi(this, "api", {
      name: `ovation-${stage.name}-sockets`,
      protocolType: "WEBSOCKET",
      routeSelectionExpression: "$request.body.action",
    });
    this.apiId = api.ref;
    exportForGood(this, this.apiId);
    this.sockets = {
      endpoint: `https://${api.ref}.execute-api.${this.region}.${this.urlSuffix}/${stageName}`,
      apiArn: this.formatArn({
        service: "execute-api",
        resource: api.ref,
        resourceName: stageName,
      }),
    };
    const log = logGroup(this, "log", stage, "realtime");
    const issuer = issuerOf(this, stage);
    const site = siteOf(this, stage, log, { ...neighbours, issuer, sockets: this.sockets });
    const { data } = neighbours;
    for (const row of rowsOf("consumer")) {
      const { contract } = row;
      const target = placeFunction(site, row, readStatements(contract, data));
      const mapping = connectSource(target, contract, data, stage.reservedConcurrency[row.name]);
      if (mapping === undefined) continue;
      // Another one reads the stream of a restored table.
      const output = new CfnOutput(this, `${mapping.node.id}-id`, { value: mapping.ref });
      this.streamMappings[row.name] = told(this, output, this.region);
    }
    for (const row of rowsOf("task")) placeFunction(site, row);
    const authorizer = theOne(
      rowsOf("authorizer").filter(({ contract }) => contract.api === "socket"),
      "authorizer of the WebSocket API",
    );
    placeFunction(site, authorizer);
    for (const row of rowsOf("socket")) placeFunction(site, row);
    this.routes(api, stage, authorizer.name);
    new CfnOutput(this, "url", { value: `${api.attrApiEndpoint}/${stageName}` });
  }

  private routes(api: CfnApi, stage: Stage, authorizerName: string): void {
    const credentials = gatewayRole(this, stage).roleArn;
    const authorizer = new CfnAuthorizer(this, "authorizer", {
      apiId: api.ref,
      name: "token",
      authorizerType: "REQUEST",
      authorizerUri: uriOf(stage)(authorizerName),
      authorizerCredentialsArn: credentials,
      // Without identity sources: all that are named are required, and the token comes in the query
      // or as a subprotocol. An empty list is documented nowhere.
    });
    for (const { name, contract } of rowsOf("socket")) {
      const id = name.replaceAll("/", "-");
      const integration = new CfnIntegration(this, `${id}-integration`, {
        apiId: api.ref,
        integrationType: "AWS_PROXY",
        integrationMethod: "POST",
        integrationUri: uriOf(stage)(name),
        credentialsArn: credentials,
      });
      const isConnect = contract.route === "$connect";
      new CfnRoute(this, `${id}-route`, {
        apiId: api.ref,
        routeKey: contract.route,
        target: `integrations/${integration.ref}`,
        authorizationType: isConnect ? "CUSTOM" : "NONE",
        ...(isConnect && { authorizerId: authorizer.ref }),
      });
    }
    new CfnStage(this, "stage", {
      apiId: api.ref,
      stageName,
      autoDeploy: true,
      defaultRouteSettings: {
        throttlingRateLimit: stage.throttle.rate,
        throttlingBurstLimit: stage.throttle.burst,
      },
      accessLogSettings: accessLogSettings(this, stage),
    });
  }
}
