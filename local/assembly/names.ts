import { createHash } from "node:crypto";
import type { Resource, Templates } from "./templates.ts";

/** The property with the name of each kind of resource. */
const physicalNameProperties: Record<string, string> = {
  "AWS::DynamoDB::GlobalTable": "TableName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::SSM::Parameter": "Name",
  "AWS::SecretsManager::Secret": "Name",
  "AWS::Events::Rule": "Name",
  "AWS::Backup::BackupVault": "BackupVaultName",
  "AWS::ApiGateway::Stage": "StageName",
  "AWS::ApiGatewayV2::Stage": "StageName",
};

const arnForms: Record<string, (name: string, region: string, account: string) => string> = {
  "AWS::DynamoDB::GlobalTable": (name, region, account) =>
    `arn:aws:dynamodb:${region}:${account}:table/${name}`,
  "AWS::Lambda::Function": (name, region, account) =>
    `arn:aws:lambda:${region}:${account}:function:${name}`,
  "AWS::SQS::Queue": (name, region, account) => `arn:aws:sqs:${region}:${account}:${name}`,
  "AWS::SNS::Topic": (name, region, account) => `arn:aws:sns:${region}:${account}:${name}`,
  "AWS::S3::Bucket": (name) => `arn:aws:s3:::${name}`,
  "AWS::IAM::Role": (name, _region, account) => `arn:aws:iam::${account}:role/${name}`,
  "AWS::Logs::LogGroup": (name, region, account) =>
    `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
  "AWS::SecretsManager::Secret": (name, region, account) =>
    `arn:aws:secretsmanager:${region}:${account}:secret:${name}-local0`,
};

/** Ten lower-case characters derived from a name, like API Gateway's ids. */
function idOf(text: string): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return BigInt(`0x${hash}`).toString(36).padStart(10, "0").slice(-10);
}

/** The name of a resource in the template: text, or an intrinsic function. */
export function namedAs({ Type, Properties }: Resource) {
  const property = physicalNameProperties[Type];
  return property === undefined ? undefined : Properties?.[property];
}

/**
 * The generated name of a resource without a name in the template (an API's id, a bucket's name):
 * derived from the logical id, so it is the same at every start.
 */
export function defaultNameOf(
  { region }: Templates,
  stack: string,
  id: string,
  type: string,
): string {
  if (type.startsWith("AWS::ApiGateway")) return idOf(`${stack}/${id}`);
  if (type === "AWS::Cognito::UserPool") return `${region}_${idOf(`${stack}/${id}`).slice(0, 9)}`;
  if (type === "AWS::Cognito::UserPoolClient") return idOf(`${stack}/${id}`);
  if (type === "AWS::S3::Bucket") return `${stack}-${id}`.toLowerCase();
  return `${stack}-${id}`;
}

/** The ARN of a resource of a supported kind, from its name. */
export const arnByName = ({ region, account }: Templates, type: string, name: string) =>
  arnForms[type]?.(name, region, account);

/** The URL of a queue, as `Ref` returns it on AWS. */
export function urlOfQueue(templates: Templates, name: string): string {
  return `https://sqs.${templates.region}.amazonaws.com/${templates.account}/${name}`;
}

const attributes: Record<string, (name: string, templates: Templates) => string> = {
  "AWS::Backup::BackupVault.BackupVaultArn": (name, { region, account }) =>
    `arn:aws:backup:${region}:${account}:backup-vault:${name}`,
  "AWS::Backup::BackupPlan.BackupPlanId": (name) => name,
  "AWS::Lambda::Version.Version": () => "1",
};

/** An attribute derived from a resource's name; undefined for unsupported ones. */
export const attributeByName = (
  templates: Templates,
  type: string,
  attribute: string,
  name: string,
) => attributes[`${type}.${attribute}`]?.(name, templates);
