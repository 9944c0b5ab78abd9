import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Stage } from "../model.ts";
import { type AwsAnswer, AwsFailure, type AwsRequest, type Prepare } from "./failure.ts";
import type { Iam } from "./iam.ts";

/** Writes an object of the stage's bucket below `DATA_DIR/s3/<bucket>/`. */
export type PutObject = (bucketName: string, key: string, bytes: string | Uint8Array) => void;

/** The objects of the stage's buckets as files below `DATA_DIR/s3/<bucket>/`. */
export type Objects = {
  put: PutObject;
  /** Throws AwsFailure NoSuchKey if there is none. */
  get(bucketName: string, key: string): Buffer;
  remove(bucketName: string, key: string): void;
  /** Keys with this prefix, in S3's order. */
  list(bucketName: string, prefix: string): string[];
};

/** The errors of a key that is no file: a folder, below a file, or longer than a name may be. */
const missingCodes = new Set(["ENOENT", "EISDIR", "ENOTDIR", "ENAMETOOLONG"]);

/** `directory` is the data directory. Keys cannot leave their bucket's folder. */
export function createObjects(directory: string): Objects {
  const fileOf = (bucketName: string, key: string) => {
    const parts = key.split("/");
    if (key === "" || parts.some((part) => part === "" || part === "." || part === ".."))
      throw new AwsFailure(400, "InvalidRequest", "This key cannot be a file on this machine");
    return join(directory, "s3", bucketName, ...parts);
  };
  return {
    put(bucketName, key, bytes) {
      const file = fileOf(bucketName, key);
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      // Whole or not at all, as in S3, also on a full disk and after a kill.
      const part = join(directory, "s3", "part");
      writeFileSync(part, bytes, { mode: 0o600 });
      renameSync(part, file);
    },
    get(bucketName, key) {
      try {
        return readFileSync(fileOf(bucketName, key));
      } catch (error) {
        if (!missingCodes.has(String((error as NodeJS.ErrnoException).code))) throw error;
        throw new AwsFailure(404, "NoSuchKey", "The specified key does not exist.");
      }
    },
    remove: (bucketName, key) => rmSync(fileOf(bucketName, key), { force: true }),
    list(bucketName, prefix) {
      const root = join(directory, "s3", bucketName);
      return listFiles(root)
        .map((file) => relative(root, file).replaceAll(sep, "/"))
        .filter((key) => key.startsWith(prefix))
        .sort();
    },
  };
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    // A bucket without objects has no folder.
    return [];
  }
}

/** Keys per page of a listing. */
const pageKeys = 1000;

const actions: Record<string, string> = {
  PUT: "s3:PutObject",
  GET: "s3:GetObject",
  DELETE: "s3:DeleteObject",
};

/** The keys in a DeleteObjects request. */
const keysIn = (xml: string) =>
  [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);

/**
 * A missing object for callers who may not list its bucket: they cannot tell it from one that they
 * may not read.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function hidden(error: unknown, mayList: boolean): unknown {
  if (mayList || !(error instanceof AwsFailure) || error.type !== "NoSuchKey") return error;
  return new AwsFailure(403, "AccessDenied", "Access Denied");
}

/**
 * S3's PutObject, GetObject and DeleteObject, path style (`/<bucket>/<key>`), DeleteObjects
 * (`POST /<bucket>?delete`) and ListObjectsV2 by prefix (`GET /<bucket>?list-type=2`).
 */
export function createObjectCalls(
  stage: Stage,
  objects: Objects,
  { isAllowed }: Pick<Iam, "isAllowed">,
): Prepare {
  const find = (caller: string, bucket: Stage["buckets"][number], key: string) => {
    try {
      return objects.get(bucket.name, key);
    } catch (error) {
      throw hidden(error, isAllowed(caller, { action: "s3:ListBucket", resource: bucket.arn }));
    }
  };
  return (request) => {
    const [bucketName = "", ...rest] = request.path;
    const bucket = stage.buckets.find((one) => one.name === bucketName);
    if (!bucket) throw new AwsFailure(404, "NoSuchBucket", "The specified bucket does not exist");
    const { caller, method, query } = request;
    const key = rest.join("/");
    const lists = method === "GET" && key === "" && query.get("list-type") === "2";
    if (method === "POST" && key === "" && query.has("delete"))
      return deletion(bucket, objects, request);
    const action = lists ? "s3:ListBucket" : actions[method];
    if (action === undefined || (key === "" && !lists)) {
      const known = ["PutObject", "GetObject", "DeleteObject", "DeleteObjects"].join(", ");
      const message = `The local endpoint has ${known} and ListObjectsV2`;
      throw new AwsFailure(501, "NotImplemented", message);
    }
    return {
      access: [{ action, resource: lists ? bucket.arn : `${bucket.arn}/${key}` }],
      keys: () => {
        const aimed = lists ? (query.get("prefix") ?? "") : key;
        return [aimed, `${bucketName}/${aimed}`];
      },
      itemCount: 1,
      run(): AwsAnswer {
        if (lists) return answerList(objects, bucketName, query);
        if (method === "GET") return { status: 200, body: find(caller, bucket, key) };
        if (method === "PUT") objects.put(bucketName, key, request.body);
        else objects.remove(bucketName, key);
        const headers = { etag: '"local"' };
        return { status: method === "PUT" ? 200 : 204, headers, body: "" };
      },
    };
  };
}

/** DeleteObjects, always quiet. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
function deletion(bucket: Stage["buckets"][number], objects: Objects, request: AwsRequest) {
  const { headers, body } = request;
  if (headers["content-md5"] !== createHash("md5").update(body).digest("base64"))
    throw new AwsFailure(400, "InvalidRequest", "DeleteObjects needs the Content-MD5 of its body");
  const keys = keysIn(body.toString());
  if (keys.length === 0 || keys.length > pageKeys)
    throw new AwsFailure(400, "MalformedXML", "Expected 1 to 1000 keys");
  return {
    access: keys.map((key) => ({ action: "s3:DeleteObject", resource: `${bucket.arn}/${key}` })),
    keys: () => keys.flatMap((key) => [key, `${bucket.name}/${key}`]),
    itemCount: keys.length,
    run(): AwsAnswer {
      for (const key of keys) objects.remove(bucket.name, key);
      const headers = { "content-type": "application/xml" };
      return { status: 200, headers, body: "<DeleteResult></DeleteResult>" };
    },
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
function answerList(objects: Objects, bucketName: string, query: URLSearchParams): AwsAnswer {
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const all = objects.list(bucketName, query.get("prefix") ?? "").filter((key) => key > after);
  const page = all.slice(0, pageKeys);
  const contents = page.map((key) => `<Contents><Key>${escapeXml(key)}</Key></Contents>`).join("");
  const next = all.length > page.length ? escapeXml(page.at(-1)!) : undefined;
  const more = next && `<NextContinuationToken>${next}</NextContinuationToken>`;
  const body =
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult>' +
    `<IsTruncated>${next !== undefined}</IsTruncated>${more ?? ""}${contents}</ListBucketResult>`;
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
