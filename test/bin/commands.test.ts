/** Commands in this process, against a server that answers as the test likes. */
import { createServer, type IncomingMessage } from "node:http";
import { jest } from "@jest/globals";
import { runCommand } from "../../bin/cli/command.ts";
import { loadCommand } from "../../bin/cli/commands.ts";
import { importUser } from "../../bin/cli/import-users.ts";
import { listen } from "../../local/reachable.ts";

type Call = { route: string; at: number; headers: IncomingMessage["headers"]; body: string };
type Answer = { status?: number; headers?: Record<string, string>; body?: object };

let calls: Call[];
/** The answer to a call; `count` is the number of earlier calls of the same route. */
let answerTo: (route: string, count: number) => Answer | undefined;
const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request.setEncoding("utf8")) body += part;
  const route = `${request.method} ${request.url}`;
  const count = calls.filter((call) => call.route === route).length;
  calls.push({ route, at: performance.now(), headers: request.headers, body });
  const { status = 200, headers, body: said } = answerTo(route, count) ?? {};
  response.writeHead(status, headers).end(JSON.stringify({ token: "e30.e30.e30", ...said }));
});
let url: string;
beforeAll(async () => {
  url = `http://127.0.0.1:${await listen(server)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  calls = [];
  answerTo = () => undefined;
  delete process.env.OVATION_TOKEN;
});

const timesOf = (route: string) => calls.filter((call) => call.route === route).map(({ at }) => at);

/** Runs a command; returns its exit code and what it printed. */
async function run(name: string, ...given: string[]) {
  const command = await loadCommand(name);
  if (command === undefined) throw new Error(`There is no command ${name}`);
  const said: Record<"log" | "error", string[]> = { log: [], error: [] };
  const spies = (["log", "error"] as const).map((name) =>
    jest.spyOn(console, name).mockImplementation((text) => void said[name].push(`${text}\n`)),
  );
  const code = await runCommand(name, command, given);
  for (const spy of spies) spy.mockRestore();
  return { code, stdout: said.log.join(""), stderr: said.error.join("") };
}

test("token requests a token for a day, at a URL with or without a trailing slash", async () => {
  for (const at of [url, `${url}/`])
    expect(await run("token", "ann", at)).toMatchObject({ code: 0, stdout: "e30.e30.e30\n" });
  expect(calls.map(({ route, body }) => [route, JSON.parse(body)])).toEqual(
    Array(2).fill(["POST /local/token", { sub: "ann", expiresIn: 86_400 }]),
  );
});

test("token waits while the system answers that it is starting, but not after a refusal", async () => {
  answerTo = (_, count) => (count === 0 ? { status: 503, body: { token: undefined } } : undefined);
  expect(await run("token", "ann", url)).toMatchObject({ code: 0, stdout: "e30.e30.e30\n" });
  expect(calls).toHaveLength(2);
  answerTo = () => ({ status: 400, body: { token: undefined, errors: ["sub: too long"] } });
  expect(await run("token", "ann", url)).toMatchObject({
    code: 1,
    stderr: `${url} issued no token: 400 sub: too long\n`,
  });
  expect(calls).toHaveLength(3);
});

test("trigger pauses between two calls as long as requested", async () => {
  const every = ["--count", "3", "--every", "100"];
  expect(await run("trigger", "chat", ...every, "--url", url)).toMatchObject({ code: 0 });
  const times = timesOf("POST /api/v1/live-stream/64d15f9e2e6c8f4d5a123000/chat/messages");
  expect(times).toHaveLength(3);
  // A timer may be a millisecond early.
  for (const at of [1, 2]) expect(times[at]! - times[at - 1]!).toBeGreaterThan(98);
});

test("trigger says if the server cannot be killed, and exits with 1", async () => {
  answerTo = (route) => (route.endsWith("/restart") ? { status: 409 } : undefined);
  const { code, stderr } = await run("trigger", "chat", "--kill-after", "1", "--url", url);
  expect([code, stderr]).toEqual([1, `${url} cannot be killed: 409\n`]);
});

test("an import waits as long as an overloaded server asks for, and repeats the same call", async () => {
  const route = "POST /api/v1/wallets/ann/top-ups";
  answerTo = (_, count) =>
    count === 0 ? { status: 429, headers: { "retry-after": "1" } } : { status: 201 };
  const user = { id: "ann", username: "", name: "", surname: "", balance: 5 };
  expect(await importUser({ url, token: "e30" }, user)).toBe(true);
  const [first = 0, second = 0] = timesOf(route);
  expect(second - first).toBeGreaterThan(998);
  expect(calls.map((call) => [call.route, call.headers["idempotency-key"]])).toEqual(
    Array(2).fill([route, "import:ann"]),
  );
});
