import { gunzipSync } from "node:zlib";
import { testHere } from "./elsewhere.ts";
import { apiUrl, call, liveStream, type Person, person, rawRequest } from "./people.ts";

let as: Person;
beforeAll(async () => {
  as = await person();
  await liveStream();
});

/** Cacheable routes; the last one requires a token each time. */
const routes: { path: string; needsToken?: true }[] = [
  { path: "/api/v1/live-stream/featured" },
  { path: "/api/v1/live-stream/catch-streamers?limit=5" },
  { path: "/api/v1/live-stream/most-watched-creators" },
  { path: "/api/v1/credit-packages" },
  { path: "/v1/app-config" },
  { path: "/openapi.json" },
  { path: "/asyncapi.json" },
  { path: "/docs" },
  { path: "/api/v1/gifts/gift-types", needsToken: true },
];

test.each(routes)(
  "$path has an ETag, and is not sent again to a client that has it",
  async (route) => {
    const ask = (headers: Record<string, string> = {}) =>
      call(`GET ${route.path}`, { ...(route.needsToken && { as }), headers });
    // The content may change between two calls, as other tests start streams.
    const known = await eventuallySame(ask);
    expect(known.first.headers.get("cache-control")).toMatch(/^public\b/);
    expect(known.first.headers.get("vary")).toMatch(/Accept-Encoding/);
    for (const tags of [known.tag, `"other", ${known.tag.replace(/^W\//, "")}`, "*"]) {
      const again = await ask({ "if-none-match": tags });
      if (again.status === 200) expect(again.headers.get("etag")).not.toBe(known.tag);
      else {
        expect([again.status, again.text]).toEqual([304, ""]);
        expect(again.headers.get("etag")).toBeTruthy();
        expect(again.headers.get("cache-control")).toMatch(/^public\b/);
        expect(again.headers.get("x-request-id")).toBeTruthy();
      }
    }
    const other = await ask({ "if-none-match": 'W/"another"' });
    expect([other.status, other.text.length > 0]).toEqual([200, true]);
  },
);

/** Repeats a request until two successive responses have the same ETag. */
async function eventuallySame(ask: () => ReturnType<typeof call>) {
  for (let tries = 0; tries < 20; tries++) {
    const [first, second] = [await ask(), await ask()];
    const tag = first.headers.get("etag");
    expect(tag).toMatch(/^W\/"[\w-]{20}"$/);
    if (second.headers.get("etag") === tag) return { first, tag: tag! };
  }
  throw new Error("The ETag differs each time");
}

test("with a token the list of creators is private, and is not cached", async () => {
  const answer = await call("GET /api/v1/live-stream/most-watched-creators", { as });
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("etag")).toBeNull();
  expect(answer.headers.get("vary")).toMatch(/Authorization/);
});

/** A response as received: `fetch` would decompress it. */
const getRaw = (path: string, headers: Record<string, string>) =>
  new Promise<{ coding: string | undefined; bytes: Buffer }>((resolve, reject) => {
    rawRequest(path, { headers })
      .once("response", (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        const coding = answer.headers["content-encoding"];
        answer.on("end", () => resolve({ coding, bytes: Buffer.concat(chunks) }));
      })
      .on("error", reject)
      .end();
  });

test("a response over a kilobyte is compressed for clients that accept it, and a short one is not", async () => {
  const [plain, zipped] = await Promise.all([
    getRaw("/openapi.json", {}),
    getRaw("/openapi.json", { "accept-encoding": "br, gzip;q=0.8" }),
  ]);
  expect([plain.coding, zipped.coding]).toEqual([undefined, "gzip"]);
  expect(gunzipSync(zipped.bytes).equals(plain.bytes)).toBe(true);
  // The description of the whole API, which any client may request often: about 380 bytes for each
  // operation, with its headers, codes and limits.
  expect(zipped.bytes.length).toBeLessThan(50 * 1024);
  const refused = await getRaw("/openapi.json", { "accept-encoding": "gzip;q=0, identity" });
  expect(refused.coding).toBeUndefined();
  const short = await getRaw("/v1/app-config", { "accept-encoding": "gzip" });
  expect(short.coding).toBeUndefined();
  expect(JSON.parse(short.bytes.toString())).toHaveProperty("superLikePrice");
});

testHere("proxies in front of a stage may use other host names")(
  "both API descriptions show the host of the request, and never a forged one",
  async () => {
    const { port } = new URL(apiUrl());
    const askAt = async (path: string, host: string) => {
      const { bytes } = await getRaw(path, { host, "x-forwarded-host": "evil.example" });
      return JSON.parse(bytes.toString()).servers;
    };
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      expect(await askAt("/openapi.json", host)).toEqual([{ url: `http://${host}` }]);
      const stage = { host, protocol: "ws" };
      expect(await askAt("/asyncapi.json", host)).toEqual({ stage });
    }
    for (const path of ["/openapi.json", "/asyncapi.json"])
      expect(await askAt(path, "evil.example")).toBeUndefined();
  },
);
