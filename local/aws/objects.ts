import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Stage } from "../model.ts";
import { AwsFailure, type Prepare } from "./failure.ts";

/** Writes an object of a bucket of the stage below `DATA_DIR/s3/<bucket>/`. */
export type PutObject = (bucketName: string, key: string, bytes: string | Uint8Array) => void;

/** @param directory the data directory. Keys cannot leave their bucket's folder. */
export function createPutObject(directory: string): PutObject {
  return (bucketName, key, bytes) => {
    const parts = key.split("/");
    if (key === "" || parts.some((part) => part === "" || part === "." || part === "..")) {
      throw new AwsFailure(400, "InvalidRequest", "This key cannot be a file on this machine");
    }
    const file = join(directory, "s3", bucketName, ...parts);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, bytes, { mode: 0o600 });
  };
}

/** S3's PutObject, path style: `PUT /<bucket>/<key>`. */
export function createObjectCalls(stage: Stage, putObject: PutObject): Prepare {
  return (request) => {
    const [bucketName = "", ...rest] = request.path;
    const bucket = stage.buckets.find((one) => one.name === bucketName);
    if (!bucket) throw new AwsFailure(404, "NoSuchBucket", "The specified bucket does not exist");
    if (request.method !== "PUT" || rest.length === 0) {
      throw new AwsFailure(501, "NotImplemented", "The local endpoint has PutObject only");
    }
    const key = rest.join("/");
    return {
      access: [{ action: "s3:PutObject", resource: `${bucket.arn}/${key}` }],
      keys: () => [key],
      itemCount: 1,
      run() {
        putObject(bucketName, key, request.body);
        return { status: 200, headers: { etag: '"local"' }, body: "" };
      },
    };
  };
}
