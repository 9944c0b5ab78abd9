import { CfnOutput, Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { type Contract, methodAndPath } from "../platform/http/contract.ts";
import type { Data } from "./data.ts";
import type { Places } from "./environment.ts";
import { gatewayRole, logGroup, restApi, uriOf } from "./gateway.ts";
import { gatewayDocument } from "./gateway-document.ts";
import { placeFunction, type Site } from "./lambdas.ts";
import { issuerParameters } from "./names.ts";
import { catchAll, type Row, rowsOf, theOne } from "./route-table.ts";
import type { Stage } from "./stages.ts";

/** What the HTTP API is given by the other stacks. */
export type Neighbours = { data: Data; socketEndpoint?: string; socketApiArn?: string };

/** The HTTP API: a function for each endpoint, the authorizer and the gateway before them. */
export class HttpApi extends Stack {
  readonly api: SpecRestApi;
  readonly functionsLog: LogGroup;

  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id);
    this.functionsLog = logGroup(this, "log", stage, "http");
    const site = siteOf(this, stage, this.functionsLog, neighbours);
    const endpoints = rowsOf("endpoint").filter(({ contract }) => isOf(stage, contract));
    const isCatchAll = ({ contract }: Row<Contract>) => methodAndPath(contract)[1] === catchAll;
    const notFound = theOne(endpoints.filter(isCatchAll), `endpoint for ${catchAll}`);
    const authorizer = theOne(
      rowsOf("guard").filter(({ contract }) => contract.door === "http"),
      "authorizer of the HTTP API",
    );
    for (const row of [...endpoints, authorizer]) placeFunction(site, row);
    const document = gatewayDocument(
      endpoints.filter((row) => !isCatchAll(row)),
      notFound.name,
      {
        title: `ovation-${stage.name}`,
        uriOf: uriOf(stage),
        credentials: gatewayRole(this, stage).roleArn,
        authorizer: authorizer.name,
        authorizerCacheSeconds: stage.authorizerCacheSeconds,
        origins: stage.origins,
      },
    );
    this.api = restApi(this, stage, "http", document, {
      stageName: stage.name,
      throttlingRateLimit: stage.throttle.rate,
      throttlingBurstLimit: stage.throttle.burst,
    });
    new CfnOutput(this, "url", { value: this.api.urlForPath("/") });
  }
}

/** Some routes exist only where the stage allows what they do. */
const isOf = (stage: Stage, contract: Contract) =>
  contract.stage === undefined || stage[contract.stage];

function siteOf(
  scope: Construct,
  stage: Stage,
  functionsLog: LogGroup,
  { data, socketEndpoint, socketApiArn }: Neighbours,
): Site {
  const names = issuerParameters(stage.name);
  const parameter = (name: string) => StringParameter.valueForStringParameter(scope, name);
  const places: Partial<Places> = {
    tableName: data.table.tableName,
    issuer: parameter(names.issuer),
    audience: parameter(names.audience),
    jwksUri: parameter(names.jwks),
    momentsQueueUrl: data.queues.moments.queueUrl,
    postsQueueUrl: data.queues.posts.queueUrl,
    ...(socketEndpoint !== undefined && { socketEndpoint }),
  };
  const resources = {
    tableArn: data.table.tableArn,
    queueArns: {
      moments: data.queues.moments.queueArn,
      posts: data.queues.posts.queueArn,
    },
    ...(socketApiArn !== undefined && { socketApiArn }),
  };
  return { scope, stage, logGroup: functionsLog, places, resources };
}
