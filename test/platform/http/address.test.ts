/** Where the descriptions and guides say that a stage is, which API Gateway tells and no caller. */
import type { APIGatewayProxyEvent } from "aws-lambda";
import { handler as asyncApi } from "../../../functions/app/asyncapi.ts";
import { handler as guides } from "../../../functions/app/docs-guides.ts";
import { handler as openApi } from "../../../functions/app/openapi.ts";
import { addressOf } from "../../../platform/http/address.ts";

process.env.ORIGINS = "*";
process.env.PURCHASES = "on";
process.env.WS_ENDPOINT = "https://sockets.execute-api.eu-central-1.amazonaws.com/ws";

const otherApis = {
  "/v4": "https://v4.example",
  "/tencent": "https://callback.example",
  "/pictures": "https://pictures.example",
};
process.env.OTHER_APIS = Object.entries(otherApis)
  .map((pair) => pair.join("="))
  .join();

/** A call of a document as API Gateway hands it on. */
const eventOf = (path: string, resource: string, domainName?: string) => {
  const headers = { Host: "evil.example", "X-Forwarded-Host": "evil.example" };
  const requestContext = { requestId: "r", domainName, path, stage: "prod" };
  return { resource, path: resource, headers, requestContext } as unknown as APIGatewayProxyEvent;
};
const own = "abc123.execute-api.eu-central-1.amazonaws.com";

test.each([
  ["its own name", "/prod/openapi.json", own, `https://${own}/prod`],
  ["a custom domain", "/openapi.json", "live.acme.com", "https://live.acme.com"],
  ["a base path", "/ovation/openapi.json", "acme.com", "https://acme.com/ovation"],
  ["no name that the gateway has", "/openapi.json", undefined, undefined],
])("the API description called at %s has its address", async (_, path, domainName, address) => {
  const event = eventOf(path, "/openapi.json", domainName);
  expect(addressOf(event)).toBe(address);
  const { body } = await openApi(event);
  expect(JSON.parse(body).servers).toEqual(address && [{ url: address }]);
  expect(body).not.toContain("evil");
});

test("each address has its own content and ETag, however often they alternate", async () => {
  const tagAt = async (host: string, known?: string) => {
    const event = eventOf("/openapi.json", "/openapi.json", host);
    if (known) event.headers["if-none-match"] = known;
    const { statusCode, headers } = await openApi(event);
    return [statusCode, headers?.etag] as const;
  };
  const hosts = Array.from({ length: 30 }, (_, at) => `h${at}.acme.com`);
  const first = await Promise.all(hosts.map((host) => tagAt(host)));
  expect(new Set(first.map(([, tag]) => tag)).size).toBe(hosts.length);
  const tag = String(first[0]![1]);
  expect(await tagAt("h0.acme.com", tag)).toEqual([304, tag]);
  expect(await tagAt("h1.acme.com", tag)).toEqual([200, first[1]![1]]);
});

test("on a stage the guides' commands still name the default address of npm start", async () => {
  const html = "<code>curl http://127.0.0.1:4000/health</code>";
  // The build replaces this name in the bundle.
  Object.assign(globalThis, { GUIDES_PAGE: { html, policy: "default-src 'none'" } });
  const { body } = await guides(eventOf("/prod/docs/guides", "/docs/guides", own));
  expect(body).toBe(html);
});

test("sockets have their own API and host", async () => {
  const { body } = await asyncApi(eventOf("/prod/asyncapi.json", "/asyncapi.json", own));
  const { servers, channels } = JSON.parse(body);
  const host = "sockets.execute-api.eu-central-1.amazonaws.com";
  expect(servers).toEqual({ stage: { host, protocol: "wss" } });
  expect(channels.socket.address).toBe("/ws");
});

test("paths of other APIs have their own hosts if the stage has no domain", async () => {
  const { body } = await openApi(eventOf("/prod/openapi.json", "/openapi.json", own));
  const paths: Record<string, { servers?: { url: string }[] }> = JSON.parse(body).paths;
  const all = Object.entries(paths).map(([path, { servers }]) => [
    `/${path.split("/")[1]}`,
    servers?.[0]?.url,
  ]);
  const { "/api": api, "/v1": config, ...others } = Object.fromEntries(all);
  expect([api, config]).toEqual([undefined, undefined]);
  expect(others).toMatchObject(otherApis);
});
