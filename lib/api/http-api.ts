import { CfnOutput, Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type Contract, methodAndPath } from "../../platform/http/contract.ts";
import { placeFunction } from "../compute/lambdas.ts";
import { issuerOf, type Neighbours, siteOf } from "../compute/site.ts";
import { placeFirewall, rulesOfOldNames } from "../edge/firewall.ts";
import { placeLock } from "../edge/lock.ts";
import { catchAll, type Row, rowsOf, theOne } from "../stages/route-table.ts";
import { placeOf, type Stage } from "../stages/stages.ts";
import { gatewayRole, hostOf, logGroup, restApi, uriOf } from "./gateway.ts";
import { gatewayDocument } from "./gateway-document.ts";
import { picturesUrlOf, placePictures } from "./picture-api.ts";
import { placeCanaries } from "./release.ts";

/** The HTTP API: a function for each endpoint, the authorizer and the gateway before them. */
export class HttpApi extends Stack {
  readonly api: SpecRestApi;
  readonly pictures: SpecRestApi;
  readonly log: LogGroup;

  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    this.log = logGroup(this, "log", stage, "http");
    const endpoints = rowsOf("endpoint").filter(({ contract }) => isOf(stage, contract));
    const isCatchAll = ({ contract }: Row<Contract>) => methodAndPath(contract)[1] === catchAll;
    const notFound = theOne(endpoints.filter(isCatchAll), `endpoint for ${catchAll}`);
    const authorizer = theOne(
      rowsOf("authorizer").filter(({ contract }) => contract.api === "http"),
      "authorizer of the HTTP API",
    );
    const pictures = theOne(rowsOf("download"), "download");
    const gateway = { uriOf: uriOf(stage), credentials: gatewayRole(this, stage).roleArn };
    this.pictures = placePictures(this, stage, pictures, notFound.name, gateway);
    const picturesUrl = picturesUrlOf(stage, this.pictures);
    const issuer = issuerOf(this, stage);
    const otherApis = { ...neighbours.otherApis, "/pictures": hostOf(this.pictures) };
    const given = { ...neighbours, issuer, picturesUrl, otherApis };
    const site = siteOf(this, stage, this.log, given);
    const functions = new Map(
      [...endpoints, authorizer, pictures].map((row) => [row.name, placeFunction(site, row)]),
    );
    const document = gatewayDocument(
      endpoints.filter((row) => !isCatchAll(row)),
      notFound.name,
      {
        title: `ovation-${stage.name}`,
        ...gateway,
        authorizer: authorizer.name,
        authorizerCacheSeconds: stage.authorizerCacheSeconds,
        origins: stage.origins,
      },
    );
    const { api } = restApi(this, stage, "http", document, {
      stageName: stage.name,
      throttlingRateLimit: stage.throttle.rate,
      throttlingBurstLimit: stage.throttle.burst,
    });
    this.api = api;
    placeCanaries(this, stage, api.restApiName, functions, [api]);
    const name = `ovation-${stage.name}-http`;
    const { edgeKey } = neighbours.data;
    if (edgeKey) placeLock(this, name, edgeKey, [api, this.pictures], rulesOfOldNames(stage));
    else if (stage.firewall) placeFirewall(this, name, [api, this.pictures]);
    new CfnOutput(this, "url", { value: this.api.urlForPath("/") });
  }
}

/** Some routes exist only where the stage allows what they do. */
const isOf = (stage: Stage, contract: Contract) =>
  contract.stage === undefined || stage[contract.stage];
