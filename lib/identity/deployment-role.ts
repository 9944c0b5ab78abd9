import { Arn, ArnFormat, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, WebIdentityPrincipal } from "aws-cdk-lib/aws-iam";
import { DefaultStackSynthesizer } from "aws-cdk-lib/core";
import type { Construct } from "constructs";
import { edgeRegion } from "../stages/domain.ts";
import { functionName, tableNames } from "../stages/names.ts";
import { type Stage, stackEnvironmentOf } from "../stages/stages.ts";

/** The issuer of the tokens of GitHub's jobs; the account registers it once (docs/deploying.md). */
const provider = "token.actions.githubusercontent.com";

/** The roles of the CDK's bootstrap that `cdk deploy` assumes; ours have no images. */
const bootstrapRoles = ["deploy-role", "file-publishing-role", "lookup-role"];

/**
 * The role with which a workflow of the stage's repository deploys the stage, without a key that
 * could leak. Only a job in the GitHub environment with the stage's name gets it, and GitHub's
 * rules for that environment restrict the branch or tag. It may assume the bootstrap's roles and
 * read what `npm run deploy` reads, and nothing else.
 * https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
 */
export class DeploymentRole extends Stack {
  constructor(scope: Construct, id: string, stage: Stage, repository: string) {
    super(scope, id, stackEnvironmentOf(stage));
    const statements = this.#statementsOf(stage);
    const principal = new WebIdentityPrincipal(
      Arn.format(
        {
          service: "iam",
          region: "",
          resource: "oidc-provider",
          resourceName: provider,
          arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
        },
        this,
      ),
      {
        StringEquals: { [`${provider}:aud`]: "sts.amazonaws.com" },
        StringLike: {
          [`${provider}:sub`]: formsOf(repository).map(
            (form) => `repo:${form}:environment:${stage.name}`,
          ),
        },
      },
    );
    const role = new Role(this, "role", {
      roleName: `ovation-${stage.name}-delivery`,
      description: `Deploys the stage ${stage.name} from ${repository}`,
      assumedBy: principal,
      maxSessionDuration: Duration.hours(2),
      inlinePolicies: { own: new PolicyDocument({ statements }) },
    });
    new CfnOutput(this, "role-arn", { value: role.roleArn });
  }

  /** The hosted zone of a domain, and its certificate and that of its relay. */
  #seenOfDomain({ domain, relay }: Stage): PolicyStatement[] {
    const { certificate, zone } = domain ?? {};
    const certificates = [certificate, relay?.certificate].filter((one) => one !== undefined);
    const statement = (action: string, resource: string) =>
      new PolicyStatement({ actions: [action], resources: [resource] });
    const zoneArn = (id: string) => `arn:${this.partition}:route53:::hostedzone/${id}`;
    return [
      ...certificates.map((one) => statement("acm:DescribeCertificate", one)),
      ...(zone ? [statement("route53:GetHostedZone", zoneArn(zone.id))] : []),
    ];
  }

  #statementsOf(stage: Stage): PolicyStatement[] {
    const qualifier = DefaultStackSynthesizer.DEFAULT_QUALIFIER;
    const own = (service: string, region: string, resource: string, resourceName: string) =>
      Arn.format({ service, region, resource, resourceName }, this);
    // A domain's firewall and certificate are a stack in another region.
    const regions = [this.region, ...(stage.domain ? [edgeRegion] : [])];
    const roles = regions.flatMap((region) =>
      bootstrapRoles.map((name) =>
        own("iam", "", "role", `cdk-${qualifier}-${name}-${this.account}-${region}`),
      ),
    );
    const statement = (actions: string[], resources: string[]) =>
      new PolicyStatement({ actions, resources });
    return [
      statement(["sts:AssumeRole"], roles),
      // The bootstrap's version, and the stage's outputs, such as its user pool.
      statement(
        ["cloudformation:DescribeStacks"],
        [
          ...regions.map((region) => own("cloudformation", region, "stack", "CDKToolkit/*")),
          own("cloudformation", this.region, "stack", `ovation-${stage.name}-*/*`),
        ],
      ),
      // Settings of the whole account, and of the sender's identity in SES.
      statement(
        [
          "lambda:GetAccountSettings",
          "servicequotas:GetServiceQuota",
          "servicequotas:GetAWSDefaultServiceQuota",
          "ses:GetEmailIdentity",
          "ses:GetAccount",
          "backup:ListBackupVaults",
        ],
        ["*"],
      ),
      ...this.#seenOfDomain(stage),
      // The pages of the stage's domain; CloudFormation generates the end of their bucket's name.
      ...(stage.domain
        ? [
            statement(
              ["s3:PutObject"],
              [`arn:${this.partition}:s3:::ovation-${stage.name}-host-*/*`],
            ),
          ]
        : []),
      // The executions that the stage's functions reserve from the account.
      statement(
        ["lambda:GetFunctionConcurrency"],
        [
          Arn.format(
            {
              service: "lambda",
              resource: "function",
              resourceName: functionName(stage.name, "*"),
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            },
            this,
          ),
        ],
      ),
      // The table's owner, the form of its data, and whether a restored one is complete.
      statement(
        [
          "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive",
          "dynamodb:DescribeContinuousBackups",
          "dynamodb:GetItem",
          "dynamodb:PutItem",
          "dynamodb:Scan",
        ],
        tableNames(stage).map((name) => own("dynamodb", this.region, "table", name)),
      ),
    ];
  }
}

/**
 * How GitHub's tokens name a repository: `owner/name`, or `owner@id/name@id` if it was created,
 * renamed or transferred since 15 July 2026. A name given without ids is trusted in both forms: no
 * name contains `@`.
 * https://docs.github.com/en/actions/reference/security/oidc
 */
const formsOf = (repository: string): string[] =>
  repository.includes("@")
    ? [repository]
    : [repository, repository.replace(/^(.+)\/(.+)$/, "$1@*/$2@*")];
