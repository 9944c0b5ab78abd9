import { CfnOutput, type CfnResource, Stack } from "aws-cdk-lib";
import {
  CfnApi,
  CfnAuthorizer,
  CfnIntegration,
  CfnRoute,
  CfnStage,
} from "aws-cdk-lib/aws-apigatewayv2";
import type { CfnEventSourceMapping, Function as Lambda } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";
import { addFunction } from "../compute/lambdas.ts";
import { issuerOf, type StackInputs, siteOf } from "../compute/site.ts";
import { connectSource, readStatements } from "../compute/sources.ts";
import { exportPermanently, outputOf } from "../data/outputs.ts";
import { type FunctionName, onlyRow, rowsOf } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addCanaries } from "./canaries.ts";
import { accessLogSettings, calledArn, gatewayRole, logGroup, uriOf } from "./gateway.ts";
import { storesPictures } from "./picture-api.ts";

/** The WebSocket API's only stage, which is also its path. */
const stageName = "ws";

/** The WebSocket API with a function for each route, and the functions that react to the table. */
export class Realtime extends Stack {
  readonly apiId: string;
  /** Ids of the mappings that read the table's stream, by function. */
  readonly streamMappings: Record<string, string> = {};
  readonly sockets: NonNullable<StackInputs["sockets"]>;

  constructor(scope: Construct, id: string, stage: Stage, inputs: StackInputs) {
    super(scope, id, stackEnvironmentOf(stage));
    const api = new CfnApi(this, "api", {
      name: `ovation-${stage.name}-sockets`,
      protocolType: "WEBSOCKET",
      routeSelectionExpression: "$request.body.action",
    });
    this.apiId = api.ref;
    exportPermanently(this, this.apiId);
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
    const site = siteOf(this, stage, log, { ...inputs, issuer, sockets: this.sockets });
    const { data } = inputs;
    const functions = new Map<FunctionName, Lambda>();
    const mappings: CfnEventSourceMapping[] = [];
    for (const row of rowsOf("consumer").filter((row) => !storesPictures(row))) {
      const { contract, name } = row;
      const target = addFunction(site, row, readStatements(contract, data));
      functions.set(name, target);
      const hasAlias = stage.canaries.includes(name);
      const called = { target, arn: hasAlias ? calledArn(stage, name) : target.functionArn };
      const mapping = connectSource(called, contract, data, stage.reservedConcurrency[name]);
      if (mapping === undefined) continue;
      mappings.push(mapping);
      if (!("stream" in contract.on)) continue;
      // The mapping is replaced when a restored table's stream is used.
      const output = new CfnOutput(this, `${mapping.node.id}-id`, { value: mapping.ref });
      this.streamMappings[name] = outputOf(this, output, this.region);
    }
    for (const row of rowsOf("task")) functions.set(row.name, addFunction(site, row));
    const authorizer = onlyRow(
      rowsOf("authorizer").filter(({ contract }) => contract.api === "socket"),
      "authorizer of the WebSocket API",
    );
    for (const row of [authorizer, ...rowsOf("socket")])
      functions.set(row.name, addFunction(site, row));
    const routes = this.routes(api, stage, authorizer.name);
    addCanaries(this, stage, functions, [...mappings, ...routes]);
    new CfnOutput(this, "url", { value: `${api.attrApiEndpoint}/${stageName}` });
  }

  /** The API's routes. Returns everything that calls a function, perhaps by a new alias. */
  private routes(api: CfnApi, stage: Stage, authorizerName: string): CfnResource[] {
    const credentials = gatewayRole(this, stage).roleArn;
    const authorizer = new CfnAuthorizer(this, "authorizer", {
      apiId: api.ref,
      name: "token",
      authorizerType: "REQUEST",
      authorizerUri: uriOf(stage)(authorizerName),
      authorizerCredentialsArn: credentials,
      // Without identity sources: all listed ones would be required, and the token comes in the
      // query or as a subprotocol. An empty list is undocumented.
    });
    const routes = rowsOf("socket").flatMap(({ name, contract }) => {
      const id = name.replaceAll("/", "-");
      const integration = new CfnIntegration(this, `${id}-integration`, {
        apiId: api.ref,
        integrationType: "AWS_PROXY",
        integrationMethod: "POST",
        integrationUri: uriOf(stage)(name),
        credentialsArn: credentials,
      });
      const isConnect = contract.route === "$connect";
      const route = new CfnRoute(this, `${id}-route`, {
        apiId: api.ref,
        routeKey: contract.route,
        target: `integrations/${integration.ref}`,
        authorizationType: isConnect ? "CUSTOM" : "NONE",
        ...(isConnect && { authorizerId: authorizer.ref }),
      });
      return [integration, route];
    });
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
    return [authorizer, ...routes];
  }
}
