/** Who may create tokens and set faults on a developer's machine. */
import { connect } from "node:net";
import type { Gateway } from "../../local/gateway/index.ts";
import { startGateway } from "../../local/gateway/index.ts";
import type { RestRequest } from "../../local/gateway/rest-request.ts";
import { createRunnerRoutes } from "../../local/gateway/runner-routes.ts";
import { createIssuer } from "../../local/issuer.ts";
import { createLog } from "../../local/log.ts";

const runnerRoutes = createRunnerRoutes();
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, log: createLog("off", () => undefined), runnerRoutes });
});
afterAll(() => gateway.stop());

/** A raw request, since `fetch` chooses Host and Origin itself. */
async function ask(
  method: string,
  headers: Record<string, string>,
  version = "1.1",
): Promise<string> {
  const { port } = new URL(gateway.url);
  const body = method === "POST" ? '{"sub":"mallory","groups":["admin"]}' : "";
  const lines = Object.entries({ "content-length": `${body.length}`, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const socket = connect(Number(port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  socket.write(`${method} /local/token HTTP/${version}\r\n${head}Connection: close\r\n\r\n${body}`);
  await new Promise((done) => socket.once("close", done));
  return answer;
}

const statusOf = (answer: string) => Number(answer.split(" ")[1]);

test("while the system starts its own routes answer 503, like all others", async () => {
  expect(statusOf(await ask("POST", { host: "127.0.0.1" }))).toBe(503);
  const issuer = await createIssuer({ url: `${gateway.url}/local/issuer` });
  runnerRoutes.add(...issuer.routes);
  expect(statusOf(await ask("POST", { host: "127.0.0.1" }))).toBe(201);
});

test.each([
  ["a page of another site", { host: "127.0.0.1:4000", origin: "https://evil.example" }],
  ["a page without an origin of its own", { host: "127.0.0.1:4000", origin: "null" }],
  ["a name that was made to lead here", { host: "evil.example:4000" }],
  ["a name that only begins like this machine", { host: "127.0.0.1.evil.example" }],
  [
    "a page whose name begins like this machine",
    { host: "localhost", origin: "http://127.0.0.1.evil.example" },
  ],
  [
    "a page from another machine of the network",
    { host: "localhost", origin: "http://192.168.1.7:5173" },
  ],
  ["a wrong key", { host: "localhost", "x-local-key": "guess" }],
])("%s gets no token and may not read the response", async (_who, headers) => {
  for (const method of ["POST", "OPTIONS"]) {
    const answer = await ask(method, { ...headers, "content-type": "text/plain" });
    expect(statusOf(answer)).toBe(403);
    expect(answer).not.toMatch(/access-control-allow-origin/i);
    expect(answer).not.toContain("eyJ");
  }
});

const here = { host: "127.0.0.1:4000" };
const crossSite = { "sec-fetch-site": "cross-site" };
const proxied: [string, Record<string, string>][] = [
  ["nginx as it comes, over HTTP/1.0", here],
  ["nginx with the caller's address", { ...here, "X-Real-IP": "203.0.113.7" }],
  ["nginx with a chain of addresses", { ...here, "X-Forwarded-For": "203.0.113.7" }],
  ["a chain that says loopback", { ...here, "X-Forwarded-For": "127.0.0.1" }],
  ["an empty chain", { ...here, "X-Forwarded-For": "" }],
  ["a chain in capitals", { ...here, "X-FORWARDED-FOR": "::1" }],
  ["a tunnel's host", { ...here, "x-forwarded-host": "demo.example" }],
  ["a tunnel's host that says loopback", { ...here, "x-forwarded-host": "localhost" }],
  ["a tunnel's scheme", { ...here, "x-forwarded-proto": "https" }],
  ["a tunnel's port", { ...here, "x-forwarded-port": "443" }],
  ["a server's name", { ...here, "x-forwarded-server": "proxy" }],
  ["a path's beginning", { ...here, "x-forwarded-prefix": "/dev" }],
  ["RFC 7239", { ...here, forwarded: "for=203.0.113.7;host=demo.example" }],
  ["RFC 7239 that says loopback", { ...here, Forwarded: "for=127.0.0.1" }],
  ["RFC 7239 without a name", { ...here, forwarded: "for=unknown" }],
  ["a cache", { ...here, via: "1.1 varnish" }],
  ["a proxy without a name", { ...here, Via: "1.0 -" }],
  ["several at once", { ...here, via: "1.1 a", "x-forwarded-for": "127.0.0.1" }],
  ["a proxy and a page of this machine", { ...here, via: "1.1 a", origin: "http://localhost" }],
];
const foreign: [string, Record<string, string>][] = [
  ["an image of a foreign page", { ...here, ...crossSite, "sec-fetch-dest": "image" }],
  ["a script of a foreign page", { ...here, ...crossSite, "sec-fetch-dest": "script" }],
  ["a link of a foreign page", { ...here, ...crossSite, "sec-fetch-mode": "navigate" }],
  ["a frame of a foreign page", { ...here, ...crossSite, "sec-fetch-dest": "iframe" }],
  ["a foreign page by localhost", { host: "localhost:4000", ...crossSite }],
  ["a foreign page with its origin", { ...here, ...crossSite, origin: "https://evil.example" }],
];

test.each([...proxied, ...foreign])("%s gets nothing without the key", async (who, headers) => {
  const version = who.endsWith("HTTP/1.0") ? "1.0" : "1.1";
  for (const method of ["POST", "GET"]) {
    const answer = await ask(method, headers, version);
    expect([method, statusOf(answer)]).toEqual([method, 403]);
    expect(answer).not.toContain("eyJ");
  }
  expect(
    statusOf(await ask("POST", { ...headers, "x-local-key": runnerRoutes.key }, version)),
  ).toBe(201);
});

test.each([
  ["a page at another of this machine's names", { ...crossSite, origin: "http://localhost:3000" }],
  ["a page at another port", { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:5173" }],
  ["a page of its own", { "sec-fetch-site": "same-origin" }],
  ["a person who types the address", { "sec-fetch-site": "none" }],
])("%s is accepted", async (_who, headers) => {
  expect(statusOf(await ask("POST", { ...here, ...headers }))).toBe(201);
});

test.each([
  "http://127.0.0.1:5173",
  "http://localhost:3000",
  "http://[::1]:8080",
  "https://127.9.9.9",
])("a page of this machine at %s may ask and read, preflight included", async (origin) => {
  const preflight = await ask("OPTIONS", { host: "localhost:4000", origin });
  expect(statusOf(preflight)).toBe(204);
  expect(preflight).toMatch(/access-control-allow-headers: content-type, x-local-key/i);
  const answer = await ask("POST", { host: "[::1]:4000", origin });
  expect(statusOf(answer)).toBe(201);
  expect(answer).toContain(`Access-Control-Allow-Origin: ${origin}\r\n`);
});

test("with the printed key any host and origin are accepted, without it no other machine is", async () => {
  const key = { "x-local-key": runnerRoutes.key };
  const phone = { host: "192.168.1.2:4000", origin: "http://192.168.1.7:5173" };
  expect(statusOf(await ask("POST", { ...phone, ...key }))).toBe(201);
  // A preflight names the headers to come, without their values.
  const asking = (names: string) =>
    ask("OPTIONS", { ...phone, "access-control-request-headers": names });
  for (const names of ["content-type,x-local-key", "X-Local-Key, Content-Type"]) {
    const preflight = await asking(names);
    expect(statusOf(preflight)).toBe(204);
    expect(preflight).toContain(`Access-Control-Allow-Origin: ${phone.origin}\r\n`);
  }
  for (const names of ["content-type", "x-local-key-2"])
    expect(statusOf(await asking(names))).toBe(403);
  expect(statusOf(await ask("POST", phone))).toBe(403);
  const request: RestRequest = {
    method: "POST",
    path: "/local/token",
    query: "",
    headers: [["Host", "localhost"]],
    body: Buffer.from('{"sub":"ann"}'),
    sourceIp: "192.168.1.7",
    protocol: "HTTP/1.1",
    receivedMilliseconds: Date.now(),
  };
  expect((await runnerRoutes.answer(request))?.statusCode).toBe(403);
  const withKey: RestRequest = { ...request, headers: [["X-Local-Key", runnerRoutes.key]] };
  expect((await runnerRoutes.answer(withKey))?.statusCode).toBe(201);
});
