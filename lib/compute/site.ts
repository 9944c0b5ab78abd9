import { ArnFormat, Stack } from "aws-cdk-lib";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import type { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { StringParameter } from "aws-cdk-lib/aws-ssm";
import type { Construct } from "constructs";
import type { Data } from "../data/data.ts";
import { forEachQueue } from "../data/queues.ts";
import { functionName, issuerParameters } from "../stages/names.ts";
import type { Stage } from "../stages/stages.ts";
import type { DeployedValues } from "./environment.ts";
import type { Resources } from "./grants.ts";

/** Where functions are placed: their stack, their stage, their log and available settings. */
export type Site = {
  scope: Construct;
  stage: Stage;
  logGroup: LogGroup;
  values: Partial<DeployedValues>;
  resources: Resources;
};

/** What a stack of functions gets from other stacks. */
export type StackInputs = {
  data: Data;
  /** For stacks with an authorizer: `issuerOf`. */
  issuer?: Issuer;
  /** The base of `@connections`, and the ARN of the API behind it. */
  sockets?: { endpoint: string; apiArn: string };
  tencentSecret?: Secret;
  callbackSecret?: Secret;
  /** The public base URL of pictures. */
  picturesUrl?: string;
  /** Hosts of the APIs besides the HTTP API, by the start of their paths. */
  otherApis?: DeployedValues["otherApis"];
};

type Issuer = Pick<DeployedValues, "issuer" | "audience" | "jwksUri">;

/** The issuer, from the stage's parameters. */
export function issuerOf(scope: Construct, stage: Stage): Issuer {
  const names = issuerParameters(stage.name);
  const parameter = (name: string) => StringParameter.valueForStringParameter(scope, name);
  return {
    issuer: parameter(names.issuer),
    audience: parameter(names.audience),
    jwksUri: parameter(names.jwks),
  };
}

/** The site for functions of one stack. */
export function siteOf(
  scope: Construct,
  stage: Stage,
  logGroup: LogGroup,
  { data, issuer, sockets, tencentSecret, callbackSecret, ...urls }: StackInputs,
): Site {
  return {
    scope,
    stage,
    logGroup,
    values: {
      tableName: data.table.tableName,
      picturesBucket: data.pictures.bucketName,
      ...urls,
      ...issuer,
      queueUrls: forEachQueue((name) => data.queues[name].queueUrl),
      ...(sockets && { socketEndpoint: sockets.endpoint }),
      ...(tencentSecret && { tencentSecretArn: tencentSecret.secretArn }),
      ...(callbackSecret && { callbackSecretArn: callbackSecret.secretArn }),
    },
    resources: {
      tableArn: data.table.tableArn,
      picturesArn: data.pictures.bucketArn,
      queueArns: forEachQueue((name) => data.queues[name].queueArn),
      taskArns: { "realtime/post-part": functionArn(scope, stage, "realtime/post-part") },
      ...(sockets && { socketApiArn: sockets.apiArn }),
      ...(tencentSecret && { tencentSecretArn: tencentSecret.secretArn }),
      ...(callbackSecret && { callbackSecretArn: callbackSecret.secretArn }),
    },
  };
}

/** A function's ARN, by name, so that its callers may be deployed before it. */
const functionArn = (scope: Construct, stage: Stage, name: string) =>
  Stack.of(scope).formatArn({
    service: "lambda",
    resource: "function",
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: functionName(stage.name, name),
  });
