/** Options, help, time-outs and targets of the command line. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { commandNames, loadCommand } from "../../bin/cli/commands.ts";
import { outputsFileOf } from "../../bin/cli/target.ts";
import { listen } from "../../local/reachable.ts";
import { freePort, outputOf } from "../system.ts";
import { linesOf, objectsOf, useCommandLine } from "./command-line.ts";

const { system, run, start } = useCommandLine();

test.concurrent("a command gives up after 20 s without a system, with exit code 1", async () => {
  const given = [["token"], ["trigger", "gift"], ["listen"]];
  for (const { code, stdout, stderr } of await Promise.all(
    given.map((words) => run(words, { PORT: "1" })),
  )) {
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(
      "No token from http://127.0.0.1:1 yet; retrying for 20 s.\n" +
        'No response from http://127.0.0.1:1. Start Ovation with "npm start", or set --url.\n',
    );
  }
});

/** A port that refuses connections until `open` forwards it to the system. */
async function closedDoor() {
  const { port, hostname } = new URL(system().url);
  const relay = createServer((socket) => {
    const onward = connect(Number(port), hostname);
    for (const end of [socket, onward]) end.on("error", () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  const own = await freePort();
  const listen = () => once(relay.listen(own, "127.0.0.1"), "listening");
  return { port: `${own}`, open: listen, close: () => relay.close() };
}

test.concurrent.each([["token"], ["trigger", "chat"], ["listen", "--position"]])(
  "a command waits for a system that starts two seconds later: %s %s",
  async (...given) => {
    const door = await closedDoor();
    const child = start(given, { PORT: door.port });
    try {
      const stdout = outputOf(child.stdout);
      const ended = once(child, "close");
      const [first] = await once(child.stderr.setEncoding("utf8"), "data");
      expect(first).toContain(`No token from http://127.0.0.1:${door.port} yet`);
      await new Promise((done) => setTimeout(done, 2_000));
      await door.open();
      expect(await ended).toEqual([0, null]);
      expect(stdout()).toMatch(/^\S.*\n$/);
    } finally {
      child.kill();
      door.close();
    }
  },
);

test.concurrent("listen prints only the events of one sender and type", async () => {
  const { stdout } = await run(["listen", "--position"]);
  const others = [
    run(["trigger", "chat", "--as", "proof-noise", "--count", "5"]),
    run(["trigger", "gift", "--count", "5"]),
    run(["trigger", "superlike", "--count", "1"]),
  ];
  const filters = ["--type", "chat.message", "--from", "proof", "--count", "3"];
  const listening = run(["listen", "--json", "--since", stdout.trim(), ...filters]);
  const sent = await run(["trigger", "chat", "--as", "proof", "--count", "3"]);
  const { code, stdout: heard } = await listening;
  expect(code).toBe(0);
  expect(objectsOf(heard).map(({ data }) => (data as { id: string }).id)).toEqual(
    objectsOf(sent.stdout).map(({ id }) => id),
  );
  for (const { code: ended } of await Promise.all(others)) expect(ended).toBe(0);
});

test.concurrent("listen exits with code 1 after its timeout", async () => {
  const filters = ["--type", "chat.message", "--from", "unheard"];
  const { code, stdout, stderr } = await run(["listen", ...filters, "--timeout", "1"]);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("Timed out after 1 s: 0 events received.");
});

test.concurrent("listen --position also exits after its timeout", async () => {
  // Accepts connections and never responds.
  const silent = createServer();
  const url = `ws://127.0.0.1:${await listen(silent)}`;
  const ended = await run(["listen", "--position", "--timeout", "1", "--socket-url", url]);
  expect(ended).toMatchObject({ code: 1, stderr: "Timed out after 1 s: no position received.\n" });
  silent.close();
});

test.concurrent("listen ends when its token is refused or expires, and says so", async () => {
  const { url } = system();
  const body = JSON.stringify({ sub: "short", expiresIn: 4 });
  const answer = await fetch(`${url}/local/token`, { method: "POST", body });
  const { token } = (await answer.json()) as { token: string };
  const listenWith = (given: string) =>
    run(["listen", "--timeout", "60"], { OVATION_TOKEN: given });
  const [refused, expired] = await Promise.all([listenWith("a.b.c"), listenWith(token)]);
  expect(refused).toEqual({ code: 1, stdout: "", stderr: "401 Authentication required\n" });
  expect(expired.code).toBe(1);
  // On a busy machine the token may have expired before the process has started.
  expect(expired.stderr).toMatch(/^401 (The token has expired|Authentication required)$/m);
});

test.concurrent("trigger ends quietly when its reader closes the pipe", async () => {
  const child = start(["trigger", "chat", "--count", "10000"]);
  const stderr = outputOf(child.stderr);
  await once(child.stdout, "data");
  child.stdout.destroy();
  expect(await once(child, "close")).toEqual([1, null]);
  expect(stderr()).toBe("");
});

test.each([
  ["token", "--name", "ann"],
  ["token", "nobody at all"],
  ["token", "ann", "http://127.0.0.1:4000", "more"],
  ["token", "ann", "ftp://127.0.0.1"],
  ["trigger"],
  ["trigger", "party"],
  ["trigger", "gift", "--count", "0"],
  ["trigger", "gift", "--count", "10001"],
  ["trigger", "gift", "--every", "-1"],
  ["trigger", "chat", "--kill-after", "1", "--url", "https://example.com"],
  ["listen", "--timeout", "x"],
  ["listen", "--since", "7"],
  ["listen", "--type", "gift.send", "--timeout", "1"],
  ["listen", "now"],
  ["party"],
])("wrong usage exits with 2 and prints the usage: %s %s %s", async (...given) => {
  const { code, stdout, stderr } = await run(given);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/Usage: /);
});

const scripts = ["token", "trigger", "listen", "audit", "cost", "doctor", "completion"];

test.each(scripts)("%s --help prints at most 80 columns, on stdout", async (name) => {
  const { code, stdout, stderr } = await run([name, "--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(new RegExp(`^Usage: npm run -s ${name} -- `));
  expect(linesOf(stdout).filter((line) => line.length > 80)).toEqual([]);
});

test("each command has the npm script that its help names", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const name of commandNames) expect(scripts[name]).toMatch(new RegExp(` ${name}$`));
});

test("trigger kills the server after the given number of calls, even after the last one", async () => {
  const calls: string[] = [];
  const server = createHttpServer((request, response) => {
    const name = `${request.url}`.split("/").at(-1)!;
    if (["messages", "restart"].includes(name)) calls.push(name);
    response.end('{"success":true,"data":{},"token":"e30.e30.e30"}');
  });
  const port = await listen(server);
  const given = ["trigger", "chat", "--count", "2", "--kill-after"];
  const ended = [];
  for (const after of ["2", "1"])
    ended.push((await run([...given, after], { PORT: String(port) })).code);
  server.close();
  expect(ended).toEqual([0, 0]);
  expect(calls.slice(0, 3)).toEqual(["messages", "messages", "restart"]);
  expect(calls.slice(3)).toEqual(["messages", "restart", "messages"]);
});

test("--help lists every command", async () => {
  const { code, stdout } = await run(["--help"]);
  expect(code).toBe(0);
  for (const name of scripts) expect(stdout).toMatch(new RegExp(`^  ${name} +\\w`, "m"));
});

test("cost and audit run the programs of the same name, with their exit codes", async () => {
  const cost = await run(["cost", "--viewers", "10", "--json"]);
  expect(cost.code).toBe(0);
  expect(JSON.parse(cost.stdout)).toMatchObject({ room: { viewers: 10 } });
  expect((await run(["cost", "--viewers", "x"])).code).toBe(2);
  const audit = await run(["audit"], { DATA_DIR: system().dataDir });
  expect(audit.stdout).toContain("Everything fits.");
  expect(audit.code).toBe(0);
});

test("bash completes commands, and the words and options of each", async () => {
  const { stdout } = await run(["completion", "bash"]);
  const complete = (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(" ");
    const script = `${stdout}
      COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _ovation; echo "\${COMPREPLY[*]}"`;
    return spawnSync("bash", ["-c", script], { encoding: "utf8" }).stdout.trim();
  };
  expect(complete("ovation", "t")).toBe("token trigger");
  expect(complete("ovation", "trigger", "g")).toBe("gift goal");
  expect(complete("ovation", "listen", "--js")).toBe("--json");
  const zsh = await run(["completion", "zsh"]);
  expect(zsh.stdout).toContain("compdef _ovation ovation");
  expect(zsh.stdout).toMatch(/listen\) compadd -- .*--json/);
  expect((await run(["completion", "fish"])).code).toBe(2);
});

test("docs/cli.md and the README name only existing commands and options", async () => {
  const { scripts: known } = JSON.parse(readFileSync("package.json", "utf8"));
  const text = ["docs/cli.md", "README.md"].map((file) => readFileSync(file, "utf8")).join("\n");
  const calls = [...text.matchAll(/npm run -s ([\w:-]+)(?: -- ([^`\n)|]*))?/g)];
  expect(calls.length).toBeGreaterThan(8);
  for (const [, name = "", given = ""] of calls) {
    expect(Object.keys(known)).toContain(name);
    const command = name === "ovation" ? given.split(" ")[0]! : name;
    const options = (await loadCommand(command))?.options ?? {};
    for (const [, option = ""] of given.matchAll(/--([\w-]+)/g))
      expect([command, ["help", ...Object.keys(options)]]).toEqual([
        command,
        expect.arrayContaining([option]),
      ]);
  }
});

describe("a deployed stage", () => {
  const file = outputsFileOf("trial");
  afterAll(() => rmSync(file, { force: true }));

  test("is found by the outputs of its deployment, and called with the given token", async () => {
    const { stdout: token } = await run(["token", "ann"]);
    const socketUrl = `${system().url.replace("http", "ws")}/ws`;
    mkdirSync(join(file, ".."), { recursive: true });
    // The runner plays the stage, whose URLs end with a slash.
    const outputs = {
      "ovation-trial-http": { url: `${system().url}/`, other: "x" },
      "ovation-trial-realtime": { url: socketUrl },
    };
    writeFileSync(file, JSON.stringify(outputs));
    const env = { PORT: "1", OVATION_TOKEN: token.trim() };
    const sent = await run(["trigger", "chat", "--stage", "trial"], env);
    expect(sent).toMatchObject({ code: 0 });
    expect(objectsOf(sent.stdout)[0]).toMatchObject({ sender: { _id: "ann" } });
    // A domain replaces AWS's host names, which refuse calls that bypass it.
    const dead = { url: "http://127.0.0.1:1/" };
    const host = { url: system().url, socketurl: socketUrl, pagesbucket: "pages" };
    const named = { "ovation-trial-http": dead, "ovation-trial-host": host };
    writeFileSync(file, JSON.stringify({ ...named, "ovation-trial-realtime": dead }));
    expect(await run(["trigger", "chat", "--stage", "trial"], env)).toMatchObject({ code: 0 });
    const without = await run(["trigger", "chat", "--stage", "trial"], { PORT: "1" });
    expect(without.code).toBe(1);
    expect(without.stderr).toContain("set --token or OVATION_TOKEN");
  });

  test("that was not deployed from here is named, with what to do", async () => {
    const { code, stderr } = await run(["trigger", "chat", "--stage", "dev", "--token", "x"]);
    expect(code).toBe(1);
    expect(stderr).toContain("run npm run deploy -- dev, or set --url");
  });
});

test.concurrent("smoke tests a stream's life cycle and prints the latency of each call", async () => {
  const { code, stdout } = await run(["smoke", "--count", "3", "--json"]);
  expect(code).toBe(0);
  const rows = JSON.parse(stdout) as { call: string; count: number; p50: number; p99: number }[];
  expect(rows.map(({ call, count }) => [call, count])).toEqual([
    ["GET /health", 1],
    ["GET /api/v1/users/me", 1],
    ["GET /api/v1/gifts/gift-types", 1],
    ["POST /api/v1/live-stream/create", 1],
    ["POST /api/v1/live-stream/join-as-creator", 1],
    ["connect and subscribe", 1],
    ["POST …/{streamId}/chat/messages", 3],
    ["sent until seen by a viewer", 3],
    ["GET …/{streamId}/chat/messages", 1],
    ["POST …/{streamId}/end", 1],
  ]);
  for (const { p50, p99 } of rows) expect([p50 > 0, p99 >= p50]).toEqual([true, true]);
  const table = await run(["smoke", "--count", "1"]);
  expect(linesOf(table.stdout)[0]).toMatch(/^ +calls +p50 ms +p99 ms$/);
  for (const line of linesOf(table.stdout)) expect(line.length).toBeLessThanOrEqual(80);
});

test("smoke fails without a server, for a refused call, and for invalid options", async () => {
  const nowhere = await run(["smoke"], { PORT: "1" });
  expect([nowhere.code, nowhere.stdout]).toEqual([1, ""]);
  expect(nowhere.stderr).toMatch(/^GET \/health: .+/);
  const refused = await run(["smoke", "--token", "not-a-token"]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/users\/me: .+/)]);
  expect((await run(["smoke", "--count", "0"])).code).toBe(2);
});

test.each(["/chat/messages", "/join-as-creator"])(
  "smoke leaves no stream behind, neither live nor planned, if its call %s fails",
  async (failing) => {
    const ids = new Set<string>();
    const door = createHttpServer((request, response) => {
      const { method, url = "" } = request;
      if (url.endsWith(failing) && (method === "GET" || failing.startsWith("/join")))
        return response.writeHead(400).end("{}");
      const headers = { ...request.headers, "accept-encoding": "identity" };
      const onward = httpRequest(`${system().url}${url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        const text = outputOf(answer);
        if (url.endsWith("/create")) answer.once("end", () => ids.add(JSON.parse(text()).data.id));
        answer.pipe(response);
      });
      return request.pipe(onward);
    });
    const port = await listen(door);
    const sockets = `${system().url.replace("http", "ws")}/ws`;
    const { code, stderr } = await run([
      ...["smoke", "--count", "1", "--url", `http://127.0.0.1:${port}`, "--socket-url", sockets],
    ]);
    door.close();
    expect([code, stderr]).toEqual([1, expect.stringContaining(failing)]);
    const { stdout } = await run(["token"]);
    const headers = { authorization: `Bearer ${stdout.trim()}` };
    expect(ids.size).toBe(1);
    for (const id of ids) {
      const answer = await fetch(`${system().url}/api/v1/live-stream/${id}`, { headers });
      const { data } = (await answer.json()) as { data?: { status: string } };
      const left = answer.status === 404 ? "deleted" : data?.status;
      expect(left).toBe(failing.startsWith("/join") ? "deleted" : "ended");
    }
  },
);
