/** The doctor's checks and their output: an expected text of 80 columns. */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, formatFindings } from "../../bin/cli/doctor.ts";
import { checkAccount } from "../../bin/cli/doctor-aws.ts";
import {
  checkDisk,
  checkEngine,
  checkNode,
  checkPort,
  checkRights,
} from "../../bin/cli/doctor-checks.ts";
import packageJson from "../../package.json" with { type: "json" };
import { freePort } from "../system.ts";

const servers: { close(): unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return (server.address() as AddressInfo).port;
}

test("on a good machine without AWS credentials the doctor prints the documented text", () => {
  const machine = [
    { name: "Node.js", isGood: true, says: "v24.21.0" },
    {
      name: "Port",
      isGood: false,
      says: "4000 is in use",
      fix: "Stop the process that uses it, or choose another: PORT=4001 npm start",
    },
    { name: "Engine", isGood: true, says: "built in, on SQLite 3.53.4" },
  ];
  const deployment = [
    {
      name: "AWS login",
      isGood: false,
      says: "no credentials or no region",
      fix: "Run `aws configure` or set AWS_PROFILE, and a region (AWS_REGION).",
    },
  ];
  const text = formatFindings({ machine, deployment }, "linux x64");
  expect(text).toBe(`Ovation ${packageJson.version} on linux x64

  ok    Node.js     v24.21.0
  fail  Port        4000 is in use. Stop the process that uses it, or choose
                    another: PORT=4001 npm start
  ok    Engine      built in, on SQLite 3.53.4

Needed only for a deployment:
  note  AWS login   no credentials or no region. Run \`aws configure\` or set
                    AWS_PROFILE, and a region (AWS_REGION).

1 problem to fix before \`npm start\`.`);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
});

test("a full disk is reported, also if only the data is on it", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "ovation-disk-"));
  const freeIn = (folder: string) => (folder === dataDir ? 100 * 1024 ** 2 : 2 * 1024 ** 3);
  const says = expect.stringMatching(/^2\.0 GB are free in /);
  expect(checkDisk(":memory:", freeIn)).toMatchObject({ isGood: true, says });
  expect(checkDisk(join(dataDir, "new"), freeIn)).toMatchObject({
    isGood: false,
    says: `0.1 GB are free in ${dataDir}`,
    fix: "Free half a gigabyte.",
  });
  rmSync(dataDir, { recursive: true });
});

describe("on this machine", () => {
  test("an older Node.js is reported", () => {
    expect(checkNode("24.0.0")).toEqual({ name: "Node.js", isGood: true, says: "v24.0.0" });
    expect(checkNode("22.18.0")).toMatchObject({
      isGood: false,
      fix: expect.stringMatching(/npm ci/),
    });
  });

  test("a port is free, in use, Ovation's already, or one that browsers refuse", async () => {
    expect(await checkPort(await freePort())).toMatchObject({ isGood: true });
    const other = await listen(createTcpServer((socket) => socket.destroy()));
    expect(await checkPort(other)).toMatchObject({
      isGood: false,
      fix: `Stop the process that uses it, or choose another: PORT=${other + 1} npm start`,
    });
    const ours = await listen(
      createServer((_, response) => response.end('{"status":"ok","stage":"dev"}')),
    );
    expect(await checkPort(ours)).toMatchObject({ isGood: true, says: `Ovation runs at ${ours}` });
    expect(await checkPort(6000)).toMatchObject({ isGood: false, fix: expect.any(String) });
  });

  test("a read-only folder is reported, a missing one is not", () => {
    const folder = mkdtempSync(join(tmpdir(), "ovation-doctor-"));
    expect(checkRights(join(folder, "new", "data"))).toMatchObject({ isGood: true });
    expect(checkRights(":memory:")).toMatchObject({ isGood: true });
    chmodSync(folder, 0o500);
    // root may write anywhere, whatever the mode.
    if (process.getuid?.() !== 0)
      expect(checkRights(folder)).toMatchObject({
        isGood: false,
        fix: expect.stringMatching(/DATA_DIR/),
      });
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  test("an external database engine has to respond", async () => {
    expect(await checkEngine(undefined)).toMatchObject({
      isGood: true,
      says: expect.stringMatching(/SQLite \d/),
    });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await checkEngine(nobody)).toMatchObject({ isGood: false, fix: expect.any(String) });
    const port = await listen(createServer((_, response) => response.writeHead(400).end()));
    expect(await checkEngine(`http://127.0.0.1:${port}`)).toMatchObject({ isGood: true });
  });
});

describe("for a deployment", () => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"];
  const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));
  afterEach(() => {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  });

  /** A server that answers three AWS calls; records the calls and their signatures. */
  async function standIn(answers: Record<string, string>) {
    const asked: string[] = [];
    const port = await listen(
      createServer((request, response) => {
        const { authorization = "", "x-amz-target": target } = request.headers;
        const service = /\/us-west-2\/(\w+)\/aws4_request/.exec(authorization)?.[1] ?? "unsigned";
        asked.push(`${service} ${request.method} ${target ?? request.url}`);
        const said = answers[service];
        response.writeHead(said?.includes("NotFound") ? 400 : 200).end(said ?? "");
      }),
    );
    const [id, secret, region, url] = names as [string, string, string, string];
    Object.assign(process.env, {
      [id]: "AKIAIOSFODNN7EXAMPLE",
      [secret]: "secret",
      [region]: "us-west-2",
      [url]: `http://127.0.0.1:${port}`,
    });
    return asked;
  }

  test("login, bootstrap and quotas are checked with signed calls", async () => {
    const asked = await standIn({
      sts: "<GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult>",
      ssm: '{"Parameter":{"Value":"21"}}',
      lambda: '{"AccountLimit":{"ConcurrentExecutions":1000}}',
    });
    const findings = await checkAccount();
    expect(findings).toEqual([
      { name: "AWS login", isGood: true, says: "account 123456789012 in us-west-2" },
      { name: "Bootstrap", isGood: true, says: "version 21" },
      { name: "Quotas", isGood: true, says: "1000 concurrent executions of Lambda" },
    ]);
    expect(asked).toEqual([
      "sts POST /",
      "ssm POST AmazonSSM.GetParameter",
      "lambda GET /2016-08-19/account-settings/",
    ]);
  });

  test("each missing item has a fix", async () => {
    await standIn({
      sts: "<Account>123456789012</Account>",
      ssm: '{"__type":"ParameterNotFound"}',
      lambda: '{"AccountLimit":{"ConcurrentExecutions":10}}',
    });
    const [, bootstrap, quotas] = await checkAccount();
    expect(bootstrap).toMatchObject({
      isGood: false,
      says: "none in us-west-2",
      fix: expect.stringMatching(/cdk bootstrap/),
    });
    expect(quotas).toMatchObject({
      isGood: false,
      says: expect.stringMatching(/^10 /),
      // `npm run deploy` refuses the same stages.
      fix:
        "Request 1000 concurrent executions of Lambda in Service Quotas " +
        "for dev, staging and prod.",
    });
  });

  test("credentials that AWS refuses are reported", async () => {
    await standIn({});
    expect((await checkAccount()).map(({ name, isGood }) => [name, isGood])).toEqual([
      ["AWS login", false],
      ["Bootstrap", false],
      ["Quotas", false],
    ]);
  });

  test.each([
    ["missing AWS credentials are a note: the exit code is 0", 0],
    ["a port in use prevents a start: the exit code is 1", 1],
  ])("%s", async (_, expected) => {
    await standIn({});
    const port = process.env.PORT;
    const taken = () => listen(createServer((_, response) => response.end('{"status":"ok"}')));
    process.env.PORT = String(expected === 0 ? await freePort() : await taken());
    const log = console.log;
    let said = "";
    console.log = (text: string) => {
      said += text;
    };
    const code = await command.run({ json: true }, []).finally(() => {
      console.log = log;
      if (port === undefined) delete process.env.PORT;
      else process.env.PORT = port;
    });
    expect(JSON.parse(said)).toMatchObject({
      isGood: expected === 0,
      deployment: [{ isGood: false }, {}, {}],
    });
    expect(code).toBe(expected);
  });
});
