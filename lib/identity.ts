import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { CfnUserPoolGroup, FeaturePlan, Mfa, UserPool } from "aws-cdk-lib/aws-cognito";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import { issuerParameters } from "./names.ts";
import { placeOf, type Stage } from "./stages.ts";

/**
 * Who says who a caller is: a user pool of the stage, or any OIDC issuer. Others know it by three
 * parameters only, so that one may take the other's place without a change of any function.
 */
export class Identity extends Stack {
  constructor(scope: Construct, id: string, stage: Stage) {
    super(scope, id, placeOf(stage));
    const { issuer, audience, jwks } = stage.issuer ?? this.pool(stage);
    const names = issuerParameters(stage.name);
    const parameter = (name: keyof typeof names, stringValue: string) =>
      new StringParameter(this, name, { parameterName: names[name], stringValue });
    parameter("issuer", issuer);
    parameter("audience", audience);
    parameter("jwks", jwks);
  }

  /** A Cognito pool whose ID tokens carry the groups and the profile. */
  private pool(stage: Stage) {
    const pool = new UserPool(this, "users", {
      userPoolName: `ovation-${stage.name}`,
      selfSignUpEnabled: true,
      signInAliases: { email: true },
      autoVerify: { email: true },
      featurePlan: FeaturePlan.ESSENTIALS,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      deletionProtection: stage.keepData,
      removalPolicy: stage.keepData
        ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
        : RemovalPolicy.DESTROY,
    });
    const client = pool.addClient("app", {
      authFlows: { userSrp: true },
      idTokenValidity: Duration.hours(1),
      accessTokenValidity: Duration.hours(1),
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
    });
    for (const groupName of ["admin", "service"])
      new CfnUserPoolGroup(this, `group-${groupName}`, {
        userPoolId: pool.userPoolId,
        groupName,
      });
    const issuer = `https://cognito-idp.${this.region}.amazonaws.com/${pool.userPoolId}`;
    new CfnOutput(this, "pool", { value: pool.userPoolId });
    new CfnOutput(this, "client", { value: client.userPoolClientId });
    return { issuer, audience: client.userPoolClientId, jwks: `${issuer}/.well-known/jwks.json` };
  }
}
