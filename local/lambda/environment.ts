import { devNull } from "node:os";
import { type LambdaFunction, prefixOf, type Stage } from "../model.ts";

type LocalStage = {
  stage: Pick<
    Stage,
    "region" | "account" | "name" | "webSocketApis" | "restApis" | "queues" | "domains"
  >;
  /** The local AWS endpoint, without a trailing slash. */
  endpointUrl: string;
  /** Base URL of the REST APIs, without a trailing slash. */
  gatewayUrl: string;
  /** The relay's WebSocket URL, if the stage has a relay; one relay serves every room here. */
  relayUrl?: string | undefined;
  credentialsFor(functionName: string): {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken?: string;
  };
};

/**
 * The complete environment of one function: the template's values with AWS URLs replaced by local
 * ones, and the variables that Lambda sets. Nothing is inherited from the machine's environment.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function environmentOf(lambda: LambdaFunction, local: LocalStage): Record<string, string> {
  const { accessKeyId, secretAccessKey, sessionToken } = local.credentialsFor(lambda.name);
  const given = Object.entries(lambda.environment).map(([name, value]) => [
    name,
    localize(value, local),
  ]);
  return {
    ...Object.fromEntries(given),
    ...(local.relayUrl !== undefined && {
      RELAY_URL: local.relayUrl,
      RELAY_FROM_VIEWERS: "0",
    }),
    AWS_ENDPOINT_URL: local.endpointUrl,
    AWS_REGION: local.stage.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
    // Otherwise the SDK would read the developer's own ~/.aws, which does not exist on Lambda.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_LAMBDA_FUNCTION_NAME: lambda.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(lambda.memoryMegabytes),
    TZ: ":UTC",
    LOCAL: "on",
  };
}

/** Replaces the URL of a domain, an API, its `@connections` or a queue with the local one. */
function localize(value: string, { stage, endpointUrl, gatewayUrl }: LocalStage): string {
  const domain = stage.domains.find((name) => `${value}/`.startsWith(`https://${name}/`));
  if (domain !== undefined) return value.replace(`https://${domain}`, gatewayUrl);
  const api = /^https:\/\/([a-z0-9]+)\.execute-api\.[^/]+(?:\/([^/]+))?/.exec(value);
  const webSocketApi = stage.webSocketApis.find(({ id }) => id === api?.[1]);
  if (webSocketApi)
    return `${endpointUrl}/${webSocketApi.id}/${api?.[2] ?? webSocketApi.stageName}`;
  const restApi = stage.restApis.find(({ id }) => id === api?.[1]);
  if (restApi) return `${gatewayUrl}${prefixOf(stage, restApi)}`;
  const queue = stage.queues.find(({ url }) => url === value);
  return queue ? `${endpointUrl}/${stage.account}/${queue.name}` : value;
}
