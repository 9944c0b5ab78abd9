/** Who may mint tokens and set faults on a developer's machine. */
import { connect } from "node:net";
import type { Gateway } from "../../local/gateway/index.ts";
import { startGateway } from "../../local/gateway/index.ts";
import { createOwnRoutes } from "../../local/gateway/own-routes.ts";
import type { RestRequest } from "../../local/gateway/rest-request.ts";
import { createIssuer } from "../../local/issuer.ts";
import { createLog } from "../../local/log.ts";

const ownRoutes = createOwnRoutes();
let gateway: Gateway;

beforeAll(async () => {
  gateway = await startGateway({ port: 0, log: createLog("off", () => undefined), ownRoutes });
});
afterAll(() => gateway.stop());

/** A raw request, since `fetch` chooses Host and Origin itself. */
async function ask(method: string, headers: Record<string, string>): Promise<string> {
  const { port } = new URL(gateway.url);
  const body = method === "POST" ? '{"sub":"mallory","groups":["admin"]}' : "";
  const lines = Object.entries({ "content-length": `${body.length}`, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const socket = connect(Number(port), "127.0.0.1");
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => {
    answer += text;
  });
  socket.write(`${method} /local/token HTTP/1.1\r\n${head}Connection: close\r\n\r\n${body}`);
  await new Promise((done) => socket.once("close", done));
  return answer;
}

const statusOf = (answer: string) => Number(answer.split(" ")[1]);

test("while the system starts its own routes answer 503, as all others do", async () => {
  expect(statusOf(await ask("POST", { host: "127.0.0.1" }))).toBe(503);
  const issuer = await createIssuer({ url: `${gateway.url}/local/issuer` });
  ownRoutes.add(...issuer.routes);
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
])("%s gets no token and no right to read the answer", async (_who, headers) => {
  for (const method of ["POST", "OPTIONS"]) {
    const answer = await ask(method, { ...headers, "content-type": "text/plain" });
    expect(statusOf(answer)).toBe(403);
    expect(answer).not.toMatch(/access-control-allow-origin/i);
    expect(answer).not.toContain("eyJ");
  }
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

test("with the printed key any host and origin are welcome, without it no other machine", async () => {
  const key = { "x-local-key": ownRoutes.key };
  const phone = { host: "192.168.1.2:4000", origin: "http://192.168.1.7:5173" };
  expect(statusOf(await ask("POST", { ...phone, ...key }))).toBe(201);
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
  expect((await ownRoutes.answer(request))?.statusCode).toBe(403);
  const withKey: RestRequest = { ...request, headers: [["X-Local-Key", ownRoutes.key]] };
  expect((await ownRoutes.answer(withKey))?.statusCode).toBe(201);
});
