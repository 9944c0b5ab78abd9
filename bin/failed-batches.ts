import { Sha256 } from "@aws-crypto/sha256-js";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SignatureV4 } from "@smithy/signature-v4";
import { findEndpoint } from "../local/aws/index.ts";
import { openClient } from "../platform/aws-client.ts";
import type { FailedBatches } from "../platform/store/log/failed-batches.ts";

/** Where Lambda writes within the bucket of a mapping's failures. */
const prefix = "aws/lambda/";
/** A function of ours ends within a minute. */
const answerMillisecondsMax = 90_000;

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
type Place = { s3: string; lambda: string; region: string; credentials: Credentials };

/**
 * The failed batches in a bucket of the account and region that the environment names, reached as a
 * person.
 */
export async function getDeployedBatches(bucket: string): Promise<FailedBatches> {
  const { config } = openClient(DynamoDBClient, {});
  const region = await config.region();
  const credentials = await config.credentials();
  const host = (service: string) => `https://${service}.${region}.amazonaws.com`;
  return createBatches({ s3: host("s3"), lambda: host("lambda"), region, credentials }, [bucket]);
}

/** The failed batches of the system that runs on a data directory; undefined when none does. */
export async function findLocalBatches(dataDirectory: string): Promise<FailedBatches | undefined> {
  const note = findEndpoint(dataDirectory);
  if (note === undefined) return undefined;
  const { url, buckets, ...credentials } = note;
  const answers = await fetch(url).catch(() => undefined);
  if (answers === undefined) return undefined;
  return createBatches({ s3: url, lambda: url, region: "us-east-1", credentials }, buckets);
}

function createBatches(place: Place, buckets: readonly string[]): FailedBatches {
  const s3 = caller(place, "s3", place.s3);
  const lambda = caller(place, "lambda", place.lambda);
  return {
    async list() {
      const names: string[] = [];
      for (const bucket of buckets)
        for (let token: string | undefined = ""; token !== undefined; ) {
          const page: string = await s3("GET", `/${bucket}`, {
            "list-type": "2",
            prefix,
            ...(token !== "" && { "continuation-token": token }),
          });
          for (const [, key] of page.matchAll(/<Key>([^<]*)<\/Key>/g))
            names.push(`${bucket}/${key}`);
          token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1];
        }
      return names;
    },
    read: (name) => s3("GET", `/${name}`),
    async remove(name) {
      await s3("DELETE", `/${name}`);
    },
    async give(functionArn, records) {
      const [, name = ""] = /:function:([^:]+)/.exec(functionArn) ?? [];
      const path = `/2015-03-31/functions/${name}/invocations`;
      const text = await lambda("POST", path, {}, JSON.stringify({ Records: records }));
      const answer = text === "" ? undefined : JSON.parse(text);
      if (answer?.errorType !== undefined) throw new Error(`${name}: ${answer.errorMessage}`);
      if ((answer?.batchItemFailures ?? []).length > 0)
        throw new Error(`${name} took not all of it`);
    },
  };
}

/** Signed calls of one service. The SDK's clients of both would be larger than all of this. */
function caller({ region, credentials }: Place, service: string, base: string) {
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
  return async (method: string, path: string, query: Record<string, string> = {}, body = "") => {
    const request = { method, protocol, hostname: host, path, query, headers: { host }, body };
    const { headers } = await signer.sign(request);
    const { host: _, ...sent } = headers;
    const search = new URLSearchParams(query).toString().replaceAll("+", "%20");
    const answer = await fetch(`${base}${path}${search && `?${search}`}`, {
      method,
      headers: sent,
      ...(body !== "" && { body }),
      signal: AbortSignal.timeout(answerMillisecondsMax),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text;
  };
}
