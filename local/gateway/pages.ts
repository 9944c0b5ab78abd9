import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { RestAnswer, RestRequest } from "./rest-request.ts";
import { findHeader } from "./rest-request.ts";

/**
 * The product's pages, from a folder that was built before: its `pages.json` lists each file with
 * its path and its headers. A deployed stage serves the same folder from elsewhere.
 */
export type Pages = {
  /** The response to a GET or HEAD of a page; undefined for everything else. */
  answer(request: RestRequest): RestAnswer | undefined;
};

const Manifest = z.array(
  z.object({
    path: z.string(),
    file: z.string(),
    headers: z.record(z.string(), z.string()),
    stage: z.string().optional(),
    otherwise: z.string().optional(),
  }),
);

/**
 * Reads a folder of pages for a stage completely, so that a later build of it changes nothing.
 * Throws if the folder was not built for this.
 */
export function readPages(directory: string, stageName: string): Pages {
  const manifest = readFileSync(join(directory, "pages.json"), "utf8");
  const answers = new Map(
    Manifest.parse(JSON.parse(manifest)).map(({ path, file, headers, stage, otherwise }) => {
      const isElsewhere = stage !== undefined && stage !== stageName && otherwise !== undefined;
      const page = { body: readFileSync(join(directory, file)), headers: listHeaders(headers) };
      return [path, isElsewhere ? redirectTo(otherwise) : withTag(page)] as const;
    }),
  );
  return {
    answer(request) {
      if (request.method !== "GET" && request.method !== "HEAD") return undefined;
      const found = answers.get(request.path);
      if (found === undefined) return undefined;
      const known = findHeader(request, "if-none-match");
      const isKnown = found.tag !== undefined && includesTag(known, found.tag);
      return {
        statusCode: isKnown ? 304 : found.statusCode,
        headers: [...found.headers, ["x-request-id", randomUUID()]],
        body: isKnown ? Buffer.alloc(0) : found.body,
        by: "page",
        route: request.path,
      };
    },
  };
}

/**
 * A page's headers. Its pictures may also come from the runner's own address, which pictures have
 * wherever the page was opened, such as at localhost.
 */
const listHeaders = (headers: Record<string, string>) =>
  Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    value.replace(/\bimg-src [^;]*/, "$& http://127.0.0.1:*"),
  ]);

/** Whether If-None-Match has this tag, compared weakly, or `*` (RFC 9110, 13.1.2). */
const includesTag = (known = "", tag: string) =>
  known.split(",").some((one) => ["*", tag].includes(one.trim().replace(/^W\//, "")));

type Found = Pick<RestAnswer, "statusCode" | "headers" | "body"> & { tag?: string };

function withTag({ body, headers }: Pick<RestAnswer, "body" | "headers">): Found {
  const tag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  return { statusCode: 200, headers: [...headers, ["etag", tag]], body, tag };
}

const redirectTo = (path: string): Found => ({
  statusCode: 302,
  headers: [
    ["location", path],
    ["cache-control", "no-store"],
    ["x-content-type-options", "nosniff"],
  ],
  body: Buffer.alloc(0),
});
