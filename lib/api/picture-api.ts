import type { Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import { Construct } from "constructs";
import type { DownloadContract } from "../../platform/http/contract.ts";
import { originOf } from "../stages/domain.ts";
import { catchAll, type Row } from "../stages/route-table.ts";
import type { Stage } from "../stages/stages.ts";
import { hostOf, restApi } from "./gateway.ts";
import {
  anyMethod,
  bodiesAsBytes,
  type Gateway,
  gatewayResponsesKey,
  integration,
  type PathItem,
  parametersOf,
} from "./gateway-document.ts";
import { gatewayResponses } from "./gateway-responses.ts";

/** The stage of the API, which is also the beginning of its path. */
const stageName = "pictures";

type Integrating = Pick<Gateway, "title" | "uriOf" | "credentials">;

/**
 * The body of the API of pictures (OpenAPI 3.0.1): GET and HEAD of one path. Every media type is
 * binary, since whether an answer's base64 becomes bytes goes by what the client accepts, which is
 * anything. For an API with preflights of its own that would break these.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
 */
function pictureDocument(
  { name, contract }: Row<DownloadContract>,
  notFound: string,
  gateway: Integrating,
) {
  const { path } = contract;
  const parameters = parametersOf(path);
  const found = { ...parameters, ...integration(name, gateway) };
  const paths: Record<string, PathItem> = { "/": {}, [catchAll]: {} };
  paths[path] = { get: found, head: found };
  for (const [path, item] of Object.entries(paths))
    item[anyMethod] = { ...parametersOf(path), ...integration(notFound, gateway) };
  return {
    openapi: "3.0.1",
    info: { title: gateway.title, version: "1" },
    paths,
    [gatewayResponsesKey]: gatewayResponses(),
    ...bodiesAsBytes,
  };
}

/** Places the API of pictures in a stack. */
export function placePictures(
  scope: Stack,
  stage: Stage,
  row: Row<DownloadContract>,
  notFound: string,
  gateway: Omit<Integrating, "title">,
): SpecRestApi {
  const title = `ovation-${stage.name}-pictures`;
  const document = pictureDocument(row, notFound, { ...gateway, title });
  return restApi(new Construct(scope, stageName), stage, stageName, document, {
    stageName,
    throttlingRateLimit: stage.throttle.rate,
    throttlingBurstLimit: stage.throttle.burst,
  }).api;
}

/** Where everybody reads pictures: below the stage's domain, or at the API itself. */
export function picturesUrlOf({ domain }: Stage, api: SpecRestApi): string {
  if (domain !== undefined) return `${originOf(domain)}/${stageName}`;
  return `${hostOf(api)}/${stageName}`;
}
