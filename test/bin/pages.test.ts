import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { signedCaller } from "../../bin/aws/signed-caller.ts";
import { publishPages } from "../../bin/deploy/publish-pages.ts";
import { homePath, objectHeaders, pagePaths } from "../../lib/stages/page-headers.ts";
import { listen } from "../../local/reachable.ts";

/*
 * The pages as `npm run deploy` brings them to S3, which is a server here that notes what it is
 * given: CloudFront adds the headers of each path, and has to know every one.
 */

type Put = { method: string; path: string; headers: Record<string, string>; body: Buffer };
const puts: Put[] = [];
let server: Server;
let count: number;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      const path = request.url!.replace("/the-bucket", "");
      puts.push({ method: request.method!, path, headers, body: Buffer.concat(parts) });
      response.end();
    });
  });
  const base = `http://127.0.0.1:${await listen(server)}`;
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example" };
  const s3 = signedCaller({ region: "eu-central-1", credentials }, "s3", base);
  count = await publishPages(s3, "the-bucket");
});
afterAll(() => void server.close());

const pathOf = ({ path }: Put) => path;

/** The kinds of pages whose CloudFront path pattern matches. */
const kindsOf = (path: string) =>
  Object.entries(pagePaths).filter(([, { paths }]) =>
    paths.some((pattern) => {
      const [before, after] = pattern.split("*") as [string, string?];
      if (after === undefined) return path === pattern;
      return path.startsWith(before) && path.endsWith(after);
    }),
  );

describe("the pages of a deployed stage", () => {
  test("are console, overlay, chat element and pictures with their assets, but not Studio", () => {
    const paths = puts.map(pathOf);
    expect(count).toBe(puts.length);
    expect(new Set(paths).size).toBe(count);
    for (const path of [homePath, "/overlay", "/embed/chat.js", "/pictures/rose.svg"])
      expect(paths).toContain(path);
    expect(paths).not.toContain("/");
    expect(paths.filter((path) => path.includes("studio"))).toEqual([]);
    expect(new Set(puts.map(({ method }) => method))).toEqual(new Set(["PUT"]));
    for (const { path, body } of puts.filter((put) => [homePath, "/overlay"].includes(put.path))) {
      const loaded = [...body.toString().matchAll(/"(\/assets\/[^"]+)"/g)].map(([, url]) => url!);
      expect([path, loaded.length >= 3]).toEqual([path, true]);
      // Uploaded before the page that loads it.
      for (const url of loaded) {
        expect(paths).toContain(url);
        expect(paths.indexOf(url)).toBeLessThan(paths.indexOf(path));
      }
    }
  });

  test("each match exactly one kind, whose headers CloudFront adds", () => {
    for (const { path } of puts) expect([path, kindsOf(path).length]).toEqual([path, 1]);
    const [[, page] = []] = kindsOf(homePath);
    expect(page?.headers).toMatchObject({
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      "x-content-type-options": "nosniff",
    });
  });

  test("are uploaded with content type and cache lifetime, in signed requests", () => {
    const typeOf = Object.fromEntries(puts.map(({ path, headers }) => [path, headers]));
    expect(typeOf[homePath]).toMatchObject({
      "content-type": "text/html; charset=utf-8",
      "cache-control": "public, no-cache",
    });
    // As section 2 of the interface promises of every response.
    for (const { path, headers } of puts)
      expect([path, headers["cache-control"]]).toEqual([path, expect.stringMatching(/^public\b/)]);
    const fonts = puts.filter(({ path }) => path.endsWith(".woff2"));
    expect(fonts.length).toBeGreaterThan(0);
    for (const { headers, body } of fonts) {
      expect(headers["content-type"]).toBe("font/woff2");
      expect(headers["cache-control"]).toContain("immutable");
      // Binary files are uploaded as bytes, not as decoded text.
      expect(body.subarray(0, 4).toString()).toBe("wOF2");
    }
    for (const { headers } of puts) {
      const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization!)![1]!.split(";");
      expect(signed).toEqual(expect.arrayContaining(["content-type", "x-amz-content-sha256"]));
      for (const name of objectHeaders) expect(headers[name]).toBeTruthy();
    }
  });
});
