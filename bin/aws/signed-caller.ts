import { Sha256 } from "@aws-crypto/sha256-js";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SignatureV4 } from "@smithy/signature-v4";
import { openClient } from "../../platform/aws/aws-client.ts";

/** Our functions end within a minute. */
const answerMillisecondsMax = 90_000;

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
/** Credentials, or a function that finds them for each call: those of a role expire in an hour. */
type AwsTarget = { region: string; credentials: Credentials | (() => Promise<Credentials>) };

/** One signed call of a service; returns the body as text. Rejects with the service's error. */
export type Caller = (
  method: string,
  path: string,
  query?: Record<string, string>,
  body?: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
) => Promise<string>;

/** Callers of the services in the given account and region, or in the environment's. */
export async function deployedCallers(
  given: { profile?: string | undefined; region?: string | undefined } = {},
): Promise<(service: string) => Caller> {
  const { config } = openClient(DynamoDBClient, given);
  const target = { region: await config.region(), credentials: config.credentials };
  return (service) => serviceCaller(target, service);
}

/** Signed calls of one service. The SDK's clients of S3 and Lambda would be larger. */
export function signedCaller(
  { region, credentials }: AwsTarget,
  service: string,
  base: string,
  milliseconds = answerMillisecondsMax,
): Caller {
  const isS3 = service === "s3";
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256,
    uriEscapePath: !isS3,
    applyChecksum: isS3,
  });
  const { protocol, host } = new URL(base);
  return async (method, path, query = {}, body = "", more = {}) => {
    const headers = { ...more, host };
    const request = { method, protocol, hostname: host, path, query, headers, body };
    const { host: _, ...sent } = (await signer.sign(request)).headers;
    const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
    const answer = await fetch(`${base}${path}${search && `?${search}`}`, {
      method,
      headers: sent,
      ...(body.length > 0 && { body }),
      signal: AbortSignal.timeout(milliseconds),
    });
    const text = await answer.text();
    if (answer.ok) return text;
    const { status } = answer;
    const says = `${method} ${path}: ${status} ${text.slice(0, 300)}`;
    throw Object.assign(new Error(says), { status });
  };
}

/** The URL of the host of a service. AWS_ENDPOINT_URL overrides it, as in the SDK. */
export const urlOf = (host: string, { region }: { region: string }) =>
  (process.env.AWS_ENDPOINT_URL || `https://${host}.${region}.amazonaws.com`).replace(/\/$/, "");

/** Signs calls for the AWS service `name` and sends them to its `host`. */
export const serviceCaller = (
  target: AwsTarget,
  name: string,
  host = name,
  milliseconds?: number,
): Caller => signedCaller(target, name, urlOf(host, target), milliseconds);

/** Whether AWS denied access. Services with JSON APIs report it with status 400. */
export function isDenied(error: unknown): boolean {
  const { name, message, status } = error as Error & { status?: number };
  if (/AccessDenied|UnauthorizedOperation/.test(name)) return true;
  return status === 403 || (status === 400 && /AccessDenied/.test(message));
}

/** Ignores denied access, because the check is optional; rethrows any other error. */
export function ignoreDenied(error: unknown): undefined {
  if (!isDenied(error)) throw error;
  return undefined;
}
