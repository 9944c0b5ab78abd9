import { Stack } from "aws-cdk-lib";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { issuerParameters } from "../stages/names.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";
import { addUserPoolResources, type Users } from "./user-pool.ts";

/**
 * The identity provider: the stage's user pool, or any OIDC issuer. Other stacks read only three
 * parameters, so that one can replace the other without changing any function.
 */
export class Identity extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, users: Users | undefined) {
    super(scope, id, stackEnvironmentOf(stage));
    const { issuer, audience, jwks } = users
      ? addUserPoolResources(this, stage, users)
      : stage.issuer!;
    const names = issuerParameters(stage.name);
    const parameter = (name: keyof typeof names, stringValue: string) =>
      new StringParameter(this, name, { parameterName: names[name], stringValue });
    parameter("issuer", issuer);
    parameter("audience", audience);
    parameter("jwks", jwks);
  }
}
