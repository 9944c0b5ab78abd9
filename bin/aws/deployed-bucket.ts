import { type Caller, deployedCallers } from "./signed-caller.ts";

/** `bucket/key` of every object with this prefix. */
export async function listObjects(s3: Caller, bucket: string, prefix = ""): Promise<string[]> {
  const names: string[] = [];
  for (let token: string | undefined = ""; token !== undefined; ) {
    const page: string = await s3("GET", `/${bucket}`, {
      "list-type": "2",
      prefix,
      ...(token !== "" && { "continuation-token": token }),
    });
    for (const [, key] of page.matchAll(/<Key>([^<]*)<\/Key>/g)) names.push(`${bucket}/${key}`);
    token = /<NextContinuationToken>([^<]*)</.exec(page)?.[1];
  }
  return names;
}

/**
 * Deletes every object of a deployed bucket without versions, if it exists; returns their number.
 * `where` sets the stage's credentials and region if they differ from the environment's.
 */
export async function emptyBucket(
  bucket: string,
  where: Parameters<typeof deployedCallers>[0] = {},
): Promise<number> {
  const s3 = (await deployedCallers(where))("s3");
  const names = await listObjects(s3, bucket).catch((error: Error & { status?: number }) => {
    // An earlier deletion of its stack got as far as this bucket.
    if (error.status === 404) return [];
    throw error;
  });
  for (const name of names) await s3("DELETE", `/${name}`);
  return names.length;
}
