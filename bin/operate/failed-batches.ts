import { findEndpoint } from "../../local/aws/index.ts";
import type { FailedBatches } from "../../platform/store/log/failed-batches.ts";
import { listObjects } from "../aws/deployed-bucket.ts";
import { type Caller, deployedCallers, signedCaller } from "../aws/signed-caller.ts";

/** The prefix under which Lambda stores a mapping's failed batches. */
const prefix = "aws/lambda/";

/**
 * The failed batches in a bucket of the environment's account, in its region or another one, read
 * with the caller's credentials.
 */
export async function getDeployedBatches(bucket: string, region?: string): Promise<FailedBatches> {
  const callerOf = await deployedCallers({ region });
  return createBatches(callerOf("s3"), callerOf("lambda"), [bucket]);
}

/** The failed batches of the system that runs on a data directory; undefined if none runs. */
export async function findLocalBatches(dataDirectory: string): Promise<FailedBatches | undefined> {
  const found = await findEndpoint(dataDirectory);
  if (found === undefined) return undefined;
  const { url, buckets, ...credentials } = found;
  const place = { region: "us-east-1", credentials };
  const callerOf = (service: string) => signedCaller(place, service, url);
  return createBatches(callerOf("s3"), callerOf("lambda"), buckets);
}

function createBatches(s3: Caller, lambda: Caller, buckets: readonly string[]): FailedBatches {
  return {
    async list() {
      const names: string[] = [];
      for (const bucket of buckets) names.push(...(await listObjects(s3, bucket, prefix)));
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
        throw new Error(`${name} did not process all records`);
    },
  };
}
