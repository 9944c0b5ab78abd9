import { Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { DownloadContract } from "../../platform/http/contract.ts";
import { addFunction } from "../compute/lambdas.ts";
import { type StackInputs, siteOf } from "../compute/site.ts";
import { connectSource, readStatements } from "../compute/sources.ts";
import { exportPermanently } from "../data/outputs.ts";
import { originOf } from "../stages/domain.ts";
import { catchAll, onlyRow, type Row, rowsOf } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addCanaries } from "./canaries.ts";
import { compressionKey, gatewayRole, hostOf, logGroup, restApi, uriOf } from "./gateway.ts";
import { documentOf, integration, type OpenGateway, parametersOf } from "./gateway-document.ts";
import { notFoundOf } from "./http-api.ts";

/** The stage of the API, which is also its path prefix. */
const stageName = "pictures";

/** The largest compression threshold of API Gateway, which no response reaches. */
const compressionBytesMax = 10_485_760;

/**
 * The body of the API of pictures (OpenAPI 3.0.1): GET and HEAD of one path. Every media type is
 * binary, since the conversion of a base64 response depends on the client's Accept header, which
 * may be anything. In an API with preflights of its own, this would break them.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
 */
function pictureDocument(
  { name, contract }: Row<DownloadContract>,
  notFound: string,
  gateway: OpenGateway,
) {
  const { path } = contract;
  const found = { ...parametersOf(path), ...integration(name, gateway) };
  // The catch-all is below the picture's path, since one position may have only one parameter.
  const paths = { "/": {}, [path]: { get: found, head: found }, [`${path}${catchAll}`]: {} };
  return {
    ...documentOf(gateway, paths, notFound),
    // Pictures are compressed already, and a large one would take the gateway 30 ms.
    [compressionKey]: compressionBytesMax,
  };
}

/** Whether a function is no endpoint but stores pictures, so that it needs their base URL. */
export const storesPictures = ({ contract }: Row) =>
  contract.kind === "consumer" && contract.grants.pictures?.includes("write") === true;

/**
 * The picture API, the functions that fetch pictures of other hosts, and the log of all functions
 * behind the stage's REST APIs. Deployed before the stacks whose functions return picture URLs.
 */
export class Pictures extends Stack {
  readonly api: SpecRestApi;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, stage: Stage, inputs: StackInputs) {
    super(scope, id, stackEnvironmentOf(stage));
    this.logGroup = logGroup(this, "log", stage, "http");
    const row = onlyRow(rowsOf("download"), "download");
    const download = addFunction(siteOf(this, stage, this.logGroup, inputs), row);
    const document = pictureDocument(row, notFoundOf(stage).name, {
      title: `ovation-${stage.name}-pictures`,
      uriOf: uriOf(stage),
      credentials: gatewayRole(this, stage).roleArn,
    });
    this.api = restApi(this, stage, stageName, document, { stageName });
    addCanaries(this, stage, new Map([[row.name, download]]), [this.api]);
    const { restApiId, deploymentStage } = this.api;
    const picturesUrl = picturesUrlOf(stage, this.api);
    const site = siteOf(this, stage, this.logGroup, { ...inputs, picturesUrl });
    const { data } = inputs;
    for (const row of rowsOf("consumer").filter(storesPictures)) {
      const { name, contract } = row;
      const target = addFunction(site, row, readStatements(contract, data));
      const called = { target, arn: target.functionArn };
      connectSource(called, contract, data, stage.reservedConcurrency[name]);
    }
    exportPermanently(this, restApiId, deploymentStage.stageName, this.logGroup.logGroupArn);
    exportPermanently(this, this.logGroup.logGroupName);
  }
}

/** The public base URL of pictures: below the stage's domain, or the API itself. */
export function picturesUrlOf({ domain }: Stage, api: SpecRestApi): string {
  if (domain !== undefined) return `${originOf(domain)}/${stageName}`;
  return `${hostOf(api)}/${stageName}`;
}
