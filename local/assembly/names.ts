/**
 * What `Ref` and `GetAtt` give on one machine. Names that AWS would make up (an API's id, a bucket
 * without a name) are made from the logical id, so they are the same at every start.
 */
import { createHash } from "node:crypto";
import type { Json, Resource, Templates } from "./intrinsics.ts";
import { resolve } from "./intrinsics.ts";

const physicalNameProperties: Record<string, string> = {
  "AWS::DynamoDB::GlobalTable": "TableName",
  "AWS::DynamoDB::Table": "TableName",
  "AWS::Lambda::Function": "FunctionName",
  "AWS::SQS::Queue": "QueueName",
  "AWS::SNS::Topic": "TopicName",
  "AWS::S3::Bucket": "BucketName",
  "AWS::IAM::Role": "RoleName",
  "AWS::Logs::LogGroup": "LogGroupName",
  "AWS::SSM::Parameter": "Name",
  "AWS::SecretsManager::Secret": "Name",
  "AWS::Events::Rule": "Name",
  "AWS::Events::EventBus": "Name",
  "AWS::Scheduler::Schedule": "Name",
  "AWS::Scheduler::ScheduleGroup": "Name",
  "AWS::ApiGateway::Stage": "StageName",
  "AWS::ApiGatewayV2::Stage": "StageName",
};

const arnForms: Record<string, (name: string, region: string, account: string) => string> = {
  "AWS::DynamoDB::GlobalTable": (name, region, account) =>
    `arn:aws:dynamodb:${region}:${account}:table/${name}`,
  "AWS::DynamoDB::Table": (name, region, account) =>
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
  "AWS::Cognito::UserPool": (name, region, account) =>
    `arn:aws:cognito-idp:${region}:${account}:userpool/${name}`,
  "AWS::KMS::Key": (name, region, account) => `arn:aws:kms:${region}:${account}:key/${name}`,
  "AWS::Events::Rule": (name, region, account) =>
    `arn:aws:events:${region}:${account}:rule/${name}`,
};

/** Ten lower-case characters made from a name, as API Gateway's ids look. */
function makeId(text: string): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return BigInt(`0x${hash}`).toString(36).padStart(10, "0").slice(-10);
}

/** The physical name of a resource: the one that the template gives, or one made from its id. */
export function nameResource(templates: Templates, stack: string, id: string): string {
  const resource = getResource(templates, stack, id);
  const property = physicalNameProperties[resource.Type];
  const named = property && resource.Properties?.[property];
  if (named) return String(resolve(templates, stack, named));
  if (resource.Type.startsWith("AWS::ApiGateway")) return makeId(`${stack}/${id}`);
  if (resource.Type === "AWS::Cognito::UserPool") {
    return `${templates.region}_${makeId(`${stack}/${id}`).slice(0, 9)}`;
  }
  if (resource.Type === "AWS::Cognito::UserPoolClient") return makeId(`${stack}/${id}`);
  if (resource.Type === "AWS::S3::Bucket") return `${stack}-${id}`.toLowerCase();
  return `${stack}-${id}`;
}

/** The ARN of a resource of a kind that has one here; throws for other kinds. */
export function arnOf(templates: Templates, stack: string, id: string): string {
  const { Type } = getResource(templates, stack, id);
  const form = arnForms[Type];
  if (form === undefined) throw new Error(`The runner knows no ARN for ${Type} (${stack}/${id}).`);
  return form(nameResource(templates, stack, id), templates.region, templates.account);
}

/** The URL of a queue, as `Ref` gives it on AWS. */
export function urlOfQueue(templates: Templates, name: string): string {
  return `https://sqs.${templates.region}.amazonaws.com/${templates.account}/${name}`;
}

function getResource(templates: Templates, stack: string, id: string): Resource {
  const resource = templates.stacks.get(stack)?.Resources?.[id];
  if (resource === undefined) throw new Error(`Stack ${stack} has no resource ${id}.`);
  return resource;
}

/** What `Ref` gives; undefined for AWS::NoValue. */
export function resolveReference(
  templates: Templates,
  stack: string,
  id: string,
): Json | undefined {
  if (id === "AWS::NoValue") return undefined;
  const pseudo: Record<string, string> = {
    "AWS::AccountId": templates.account,
    "AWS::Region": templates.region,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": stack,
    "AWS::StackId": `arn:aws:cloudformation:${templates.region}:${templates.account}:stack/${stack}`,
  };
  if (Object.hasOwn(pseudo, id)) return pseudo[id];
  const template = templates.stacks.get(stack);
  const parameter = template?.Parameters?.[id];
  if (parameter !== undefined) return resolveParameter(templates, stack, id, parameter);
  const { Type } = getResource(templates, stack, id);
  const name = nameResource(templates, stack, id);
  if (Type === "AWS::SQS::Queue") return urlOfQueue(templates, name);
  // A secret's and a topic's Ref is the ARN, unlike that of the other kinds.
  if (Type === "AWS::SecretsManager::Secret" || Type === "AWS::SNS::Topic") {
    return arnOf(templates, stack, id);
  }
  return name;
}

function resolveParameter(
  templates: Templates,
  stack: string,
  id: string,
  parameter: { Type?: string; Default?: Json },
): Json {
  if (parameter.Default === undefined) {
    throw new Error(`Parameter ${id} of stack ${stack} has no default value.`);
  }
  if (!parameter.Type?.startsWith("AWS::SSM::Parameter::Value")) return parameter.Default;
  return resolveSsmParameter(templates, String(parameter.Default));
}

/** The value of an SSM parameter: the runner's own, or that of a resource of the assembly. */
export function resolveSsmParameter(templates: Templates, name: string): string {
  const override = templates.parameters[name];
  if (override !== undefined) return override;
  for (const [stack, template] of templates.stacks) {
    for (const resource of Object.values(template.Resources ?? {})) {
      if (resource.Type !== "AWS::SSM::Parameter") continue;
      const { Name, Value } = resource.Properties ?? {};
      if (Name !== undefined && resolve(templates, stack, Name) === name) {
        return String(resolve(templates, stack, Value ?? ""));
      }
    }
  }
  throw new Error(`The SSM parameter ${name} is neither in a template nor given by the runner.`);
}

/** What `Fn::GetAtt` gives; throws for an attribute that is not known here. */
export function resolveAttribute(
  templates: Templates,
  stack: string,
  id: string,
  name: string,
): Json {
  const { Type, Properties } = getResource(templates, stack, id);
  if (name === "Arn") return arnOf(templates, stack, id);
  switch (`${Type}.${name}`) {
    case "AWS::DynamoDB::GlobalTable.StreamArn":
    case "AWS::DynamoDB::Table.StreamArn":
      return `${arnOf(templates, stack, id)}/stream/local`;
    case "AWS::SQS::Queue.QueueName":
      return nameResource(templates, stack, id);
    case "AWS::SQS::Queue.QueueUrl":
      return urlOfQueue(templates, nameResource(templates, stack, id));
    case "AWS::SSM::Parameter.Value":
      return resolve(templates, stack, Properties?.Value ?? "") ?? "";
    case "AWS::ApiGateway::RestApi.RestApiId":
    case "AWS::ApiGatewayV2::Api.ApiId":
      return nameResource(templates, stack, id);
    case "AWS::ApiGateway::RestApi.RootResourceId":
      return makeId(`${stack}/${id}/root`);
    case "AWS::ApiGatewayV2::Api.ApiEndpoint": {
      const scheme = Properties?.ProtocolType === "WEBSOCKET" ? "wss" : "https";
      const host = `${nameResource(templates, stack, id)}.execute-api.${templates.region}`;
      return `${scheme}://${host}.amazonaws.com`;
    }
    case "AWS::Cognito::UserPool.ProviderURL":
      return `https://cognito-idp.${templates.region}.amazonaws.com/${nameResource(templates, stack, id)}`;
    case "AWS::Cognito::UserPool.ProviderName":
      return `cognito-idp.${templates.region}.amazonaws.com/${nameResource(templates, stack, id)}`;
    case "AWS::S3::Bucket.RegionalDomainName":
      return `${nameResource(templates, stack, id)}.s3.${templates.region}.amazonaws.com`;
    case "AWS::S3::Bucket.DomainName":
      return `${nameResource(templates, stack, id)}.s3.amazonaws.com`;
    case "AWS::CloudFront::Distribution.DomainName":
      return `${makeId(`${stack}/${id}`)}.cloudfront.net`;
    default:
      throw new Error(`The runner knows no attribute ${name} of ${Type} (${stack}/${id}).`);
  }
}
