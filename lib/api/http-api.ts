import { CfnOutput, Stack } from "aws-cdk-lib";
import type { SpecRestApi } from "aws-cdk-lib/aws-apigateway";
import type { Construct } from "constructs";
import { type Contract, methodAndPath } from "../../platform/http/contract.ts";
import { exportPermanently } from "../data/outputs.ts";
import { protectApis } from "../edge/origin-lock.ts";
import { catchAll, onlyRow, type Row } from "../stages/route-table.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { endpointsOf, httpAuthorizer } from "./endpoints.ts";
import { gatewayRole, restApi, uriOf } from "./gateway.ts";
import { gatewayDocument } from "./gateway-document.ts";

/** The endpoint for every unknown path. */
export const notFoundOf = (stage: Stage): Row<Contract> =>
  onlyRow(endpointsOf(stage).filter(isCatchAll), `endpoint for ${catchAll}`);

const isCatchAll = ({ contract }: Row<Contract>) => methodAndPath(contract)[1] === catchAll;

/**
 * The HTTP API: the gateway in front of the functions, deployed after all of them, and the
 * firewall.
 */
export class HttpApi extends Stack {
  readonly api: SpecRestApi;

  constructor(scope: Construct, id: string, stage: Stage, pictures: SpecRestApi) {
    super(scope, id, stackEnvironmentOf(stage));
    const name = `ovation-${stage.name}-http`;
    const document = gatewayDocument(
      endpointsOf(stage).filter((row) => !isCatchAll(row)),
      notFoundOf(stage).name,
      {
        title: name,
        uriOf: uriOf(stage),
        credentials: gatewayRole(this, stage).roleArn,
        authorizer: httpAuthorizer().name,
        authorizerCacheSeconds: stage.authorizerCacheSeconds,
        origins: stage.origins,
      },
    );
    this.api = restApi(this, stage, "http", document, { stageName: stage.name });
    exportPermanently(this, this.api.restApiId);
    protectApis(this, stage, name, [this.api, pictures]);
    new CfnOutput(this, "url", { value: this.api.urlForPath("/") });
  }
}
