/** The bucket of pictures, as the runner serves it, for functions that a test calls itself. */

import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { AwsRequest } from "../../local/aws/failure.ts";
import { createObjectCalls, createObjects, type Objects } from "../../local/aws/objects.ts";
import type { Stage } from "../../local/model.ts";
import { listen } from "../../local/reachable.ts";

const stage = { buckets: [{ name: "pictures", arn: "arn:aws:s3:::pictures" }] } as Stage;

/** Gives the tests of one file a bucket, with the settings that lead there. */
export function useBucket() {
  let objects: Objects;
  let stop: () => Promise<void>;
  let failures = 0;
  let meanwhile: (() => Promise<unknown>) | undefined;
  const came: string[] = [];

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), "ovation-pictures-"));
    objects = createObjects(directory);
    const perform = createObjectCalls(stage, objects, { isAllowed: () => true });
    const server = createServer(async (request, answer) => {
      const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://localhost");
      const path = pathname.split("/").filter(Boolean);
      const body = await buffer(request);
      came.push(`${request.method} ${request.url}`);
      if (failures > 0 && failures--) return answer.writeHead(503).end();
      const act = meanwhile;
      meanwhile = undefined;
      try {
        await act?.();
        const { method, headers } = request;
        const asked = { method, headers, path, query, body } as AwsRequest;
        const found = await perform(asked).run();
        answer.writeHead(found.status).end(found.body);
      } catch (error) {
        answer.writeHead((error as { status?: number }).status ?? 500).end();
      }
    });
    process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${await listen(server)}`;
    process.env.PICTURES_BUCKET = "pictures";
    process.env.PICTURES_URL = "https://x.example.com/pictures";
    stop = async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      rmSync(directory, { recursive: true });
    };
  });
  beforeEach(() => {
    failures = 0;
    meanwhile = undefined;
  });
  afterAll(() => stop());

  return {
    /** The requests that came. */
    came,
    objects: () => objects,
    stored: () => objects.list("pictures", ""),
    /** Does this while the next request waits. */
    duringNext(act: () => Promise<unknown>) {
      meanwhile = act;
    },
    /** Answers the next `count` requests with 503. */
    failNext(count: number) {
      failures = count;
    },
  };
}
