import { Stack } from "aws-cdk-lib";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { Neighbours } from "../compute/site.ts";
import { issuerParameters } from "../stages/names.ts";
import { placeOf, type Stage } from "../stages/stages.ts";
import { placeUserPool } from "./user-pool.ts";

/**
 * Who says who a caller is: a user pool of the stage, or any OIDC issuer. Others know it by three
 * parameters only, so that one may take the other's place without a change of any function.
 */
export class Identity extends Stack {
  /** That of the stage's own pool. */
  readonly log: LogGroup | undefined;

  constructor(scope: Construct, id: string, stage: Stage, neighbours: Neighbours) {
    super(scope, id, placeOf(stage));
    const { issuer, audience, jwks } = stage.issuer ?? placeUserPool(this, stage, neighbours);
    this.log = this.node.tryFindChild("log") as LogGroup | undefined;
    const names = issuerParameters(stage.name);
    const parameter = (name: keyof typeof names, stringValue: string) =>
      new StringParameter(this, name, { parameterName: names[name], stringValue });
    parameter("issuer", issuer);
    parameter("audience", audience);
    parameter("jwks", jwks);
  }
}
