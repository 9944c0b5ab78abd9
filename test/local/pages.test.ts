import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPages } from "../../local/gateway/pages.ts";
import type { RestRequest } from "../../local/gateway/rest-request.ts";

const directory = mkdtempSync(join(tmpdir(), "ovation-pages-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const policy = "default-src 'none'; img-src 'self' https:; base-uri 'none'";
const headers = { "content-type": "text/html", "content-security-policy": policy };
writeFileSync(join(directory, "home.html"), "<p>home");
writeFileSync(join(directory, "help.html"), "<p>help");
writeFileSync(
  join(directory, "pages.json"),
  JSON.stringify([
    { path: "/", file: "home.html", headers, stage: "dev", otherwise: "/console" },
    { path: "/help", file: "help.html", headers },
  ]),
);

const request = (method: string, path: string, sent: [string, string][] = []): RestRequest => ({
  method,
  path,
  query: "",
  headers: sent,
  body: Buffer.alloc(0),
  sourceIp: "127.0.0.1",
  protocol: "HTTP/1.1",
  receivedMilliseconds: 0,
});

const answer = (stage: string, ...asked: Parameters<typeof request>) =>
  readPages(directory, stage).answer(request(...asked));

test("a page has its own headers", () => {
  const found = answer("dev", "GET", "/");
  expect(found).toMatchObject({ statusCode: 200, by: "page" });
  expect(found?.body.toString()).toBe("<p>home");
  expect(Object.fromEntries(found!.headers)).toMatchObject({
    "content-type": "text/html",
    // Pictures have this address, also on a page that was opened at localhost.
    "content-security-policy":
      "default-src 'none'; img-src 'self' https: http://127.0.0.1:*; base-uri 'none'",
  });
});

test("a page is not sent again to a browser that has it", () => {
  const tag = answer("dev", "GET", "/help")!.headers.find(([name]) => name === "etag")![1];
  // A proxy that compresses makes tags weak, and a cache may ask about several versions.
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
    const again = answer("dev", "GET", "/help", [["If-None-Match", known]]);
    expect([known, again?.statusCode]).toEqual([known, 304]);
    expect(again?.body).toHaveLength(0);
  }
  expect(answer("dev", "GET", "/help", [["If-None-Match", '"other"']])?.statusCode).toBe(200);
});

test("the page of one stage redirects on another", () => {
  const found = answer("prod", "GET", "/");
  expect(found?.statusCode).toBe(302);
  expect(found?.headers).toContainEqual(["location", "/console"]);
  expect(found?.headers).toContainEqual(["cache-control", "no-store"]);
  expect(answer("prod", "GET", "/help")?.statusCode).toBe(200);
});

test("only a read of the exact path of a page gets it", () => {
  expect(answer("dev", "HEAD", "/help")?.statusCode).toBe(200);
  for (const [method, path] of [
    ["POST", "/"],
    ["OPTIONS", "/help"],
    ["GET", "/help/"],
    ["GET", "/pages.json"],
    ["GET", "/../pages.json"],
    ["GET", "/__proto__"],
  ] as const)
    expect(answer("dev", method, path)).toBeUndefined();
});
