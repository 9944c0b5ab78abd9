/**
 * The relay's container, run as ECS runs it: the template's command and settings, credentials from
 * an endpoint, and the bundle from a bucket.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { stageOf } from "../../lib/stages/stages.ts";
import { endpointNote } from "../../local/aws/notes.ts";
import { createSigner, hashOf } from "../../platform/aws/sign.ts";
import { call, liveStream, person } from "../api/people.ts";
import { type Message, open } from "../api/viewer.ts";
import { synthesize, theResource } from "../cloud/templates.ts";
import { type System, startSystem } from "../system.ts";

const dev = stageOf((key) => ({ stage: "dev", relay: "on" })[key]);
const { templates } = await synthesize(dev);
const task = theResource(templates, "AWS::ECS::TaskDefinition", "relay").Properties;
const [{ Command, Environment }] = task.ContainerDefinitions;
const bundleFile = join(import.meta.dirname, "../../dist/relay/index.cjs");

/** The credentials that ECS returns in turn; the last ones are repeated. */
type Given = { AccessKeyId: string; SecretAccessKey: string; Token?: string; Expiration?: string };
let given: (Given | number)[];
let newest: Given | undefined;
/** The objects in the bucket. */
let object: { bytes: Buffer; isRefused?: boolean };
let problems: string[];
let server: Server;
let base: string;
const children = new Set<ChildProcess>();

/** Whether a request for the bundle is signed for S3 with the current credentials. */
function isSigned({ headers, url = "" }: IncomingMessage): boolean {
  if (newest === undefined) return false;
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token } = newest;
  const signing = { region: "eu-central-1", accessKeyId, secretAccessKey, sessionToken: Token };
  const sign = createSigner(String(headers.host), { service: "s3", ...signing });
  const date = String(headers["x-amz-date"]);
  const at = date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
  const signed = { method: "GET", path: url, payloadHash: hashOf("") } as const;
  const flat = sign(signed, Date.parse(at));
  return flat.every((text, index) => index % 2 === 0 || headers[flat[index - 1]!] === text);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url === "/credentials") {
    const next = given.length > 1 ? given.shift() : given[0];
    if (typeof next === "number") return void response.writeHead(next).end();
    newest = next;
    return void response.end(JSON.stringify(next));
  }
  if (!isSigned(request)) problems.push(`not signed: ${request.url}`);
  if (object.isRefused) return void response.writeHead(403).end("no");
  response.end(object.bytes);
}

beforeAll(async () => {
  server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  given = [{ AccessKeyId: "ASIAFIRST", SecretAccessKey: "first-secret", Token: "first/token+=" }];
  problems = [];
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  expect(problems).toEqual([]);
});
afterAll(() => server.close());

/** Starts the container's command; only the bucket's address differs from the template. */
function startContainer(more: Record<string, string> = {}, port?: number) {
  const address = `${base}/assets/the-bundle.cjs`;
  const words = (Command as unknown[]).map((word) => (typeof word === "object" ? address : word));
  const [node, ...command] = words as string[];
  expect(node).toBe("node");
  expect(command.filter((word) => word === address)).toHaveLength(1);
  if (port !== undefined) command.splice(command.indexOf(address) + 2, 1, `${port}`);
  const child = spawn(process.execPath, command, {
    env: {
      AWS_REGION: "eu-central-1",
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/credentials`,
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  const ended = once(child, "exit").then(([code]) => code as number | null);
  let text = "";
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
      for (const look of waiting) look();
    });
  const said = (words: string) =>
    new Promise<void>((done) => {
      const look = () => text.includes(words) && done();
      waiting.add(look);
      look();
    });
  return { child, ended, said, text: () => text };
}

/** A bundle that prints its commands. */
const telling = `
  const say = (what) => process.stdout.write(JSON.stringify(what) + "\\n");
  exports.handler = async (order) => {
    say({ order, path: require("node:path").sep });
    if (order.drain) {
      await new Promise((done) => setTimeout(done, 50));
      say("drained");
      return;
    }
    setInterval(() => say({ now: process.env.AWS_ACCESS_KEY_ID + " " + process.env.AWS_SESSION_TOKEN }), 20);
  };`;

/** Makes the command load a test's bundle. */
function bring(text: string): string {
  object = { bytes: Buffer.from(text) };
  return createHash("sha256").update(text).digest("hex");
}

const ownHash = createHash("sha256").update(readFileSync(bundleFile)).digest("hex");
const asks = (sha256: string) => {
  const at = Command.indexOf(ownHash);
  expect(at).toBeGreaterThan(0);
  Command[at] = sha256;
};
afterEach(() => {
  const at = Command.findIndex((word: unknown) => /^[0-9a-f]{64}$/.test(String(word)));
  Command[at] = ownHash;
});

test("a container runs the bundle in its command, and ends when that has drained", async () => {
  asks(bring(telling));
  const { child, ended, said, text } = startContainer();
  await said('{"now":"ASIAFIRST first/token+="}');
  expect(text()).toContain('{"order":{"listen":{"port":8080}},"path":"/"}');
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
  expect(text()).toContain('{"order":{"drain":{"milliseconds":100000}}');
  expect(text().trim().endsWith('"drained"')).toBe(true);
});

test("a bundle with another hash is not run, and the log has no secret", async () => {
  bring(telling);
  const { ended, text } = startContainer();
  expect(await ended).toBe(1);
  const [line = "{}"] = text().split("\n");
  expect(JSON.parse(line)).toMatchObject({ level: "ERROR", message: "The relay did not start" });
  expect(line).toContain(`not ${ownHash}`);
  expect(text()).not.toMatch(/order|first-secret|first\/token/);
});

test("an unresponsive service is asked again, and a refusal ends the container", async () => {
  const [good] = given;
  given = [500, 503, good!];
  asks(bring(telling));
  const { child, said, ended } = startContainer();
  await said('"listen"');
  child.kill("SIGKILL");
  await ended;
  object.isRefused = true;
  const refused = startContainer();
  expect(await refused.ended).toBe(1);
  expect(refused.text()).toContain("S3 did not give the bundle: 403");
});

test("credentials are renewed while the process lives, and kept if that fails", async () => {
  given.push(500, { AccessKeyId: "ASIASECOND", SecretAccessKey: "second", Token: "two" });
  asks(bring(telling));
  // The renewal every five minutes, 2,000 times faster.
  const faster =
    "const real=setInterval;globalThis.setInterval=(act,ms)=>real(act,ms>60000?ms/2000:ms)";
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(faster)}`;
  const { said, text } = startContainer({ NODE_OPTIONS });
  await said('{"now":"ASIASECOND two"}');
  expect(text()).toContain("Credentials were not renewed");
  expect(text()).toContain('{"now":"ASIAFIRST first/token+="}');
});

describe("the relay's own bundle", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { RELAY: "on", DEMO: "off" } });
    process.env.API_URL = system.url;
  });
  afterAll(() => system?.stop());

  test("accepts sockets in a container and publishes gathered metrics, with only its task's rights", async () => {
    object = { bytes: readFileSync(bundleFile) };
    // Locally an access key is the name of a role.
    given = [{ AccessKeyId: "ovation-dev-relay", SecretAccessKey: "any" }];
    const [{ id }, as] = await Promise.all([liveStream(), person()]);
    const [, claims = ""] = as.token.split(".");
    const { iss, aud } = JSON.parse(Buffer.from(claims, "base64url").toString());
    const settings = Object.fromEntries(
      Environment.map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]),
    );
    const port = await freePort();
    // Metrics, which are published every ten seconds, ten times faster.
    const faster =
      "const real=setTimeout;globalThis.setTimeout=(act,ms,...given)=>real(act,ms===10000?1000:ms,...given)";
    const container = startContainer(
      {
        ...settings,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(faster)}`,
        ...{ ISSUER: iss, AUDIENCE: aud, JWKS_URI: `${iss}/.well-known/jwks.json` },
        ...{ WS_ENDPOINT: `${system.url}/ws`, LOCAL: "on", AWS_REGION: "eu-central-1" },
        AWS_ENDPOINT_URL: endpointNote.read(system.dataDir)!.url,
      },
      port,
    );
    const at = `http://127.0.0.1:${port}/`;
    while (
      !(await fetch(at)
        .then(({ ok }) => ok)
        .catch(() => false))
    ) {
      if (container.child.exitCode !== null) throw new Error(container.text());
      await new Promise((done) => setTimeout(done, 50));
    }
    const watching = await open(`${at.replace("http", "ws")}ws?token=${as.token}&streamId=${id}`);
    const first = await watching.next(() => true);
    expect(first).toMatchObject({ type: "subscribed", streamId: id });
    const path = `POST /api/v1/live-stream/${id}/chat/messages`;
    expect((await call(path, { as, body: { content: "hello" } })).status).toBe(201);
    await watching.next(({ events = [] }) =>
      events.some(({ data }: Message) => data.content === "hello"),
    );
    // Published by this event, if the relay did not gather metrics.
    watching.socket.send(JSON.stringify({ action: "ping" }));
    await watching.next(({ type }) => type === "pong");
    await container.said('"RelayDelay":[');
    await container.said('"RelaySockets":[1]');
    for (const line of metricsIn(container.text()))
      expect(line).toMatchObject({ stage: "dev", RelaySockets: [expect.any(Number)] });
    container.child.kill("SIGTERM");
    expect(await watching.next(({ type }) => type === "closing")).toMatchObject({ code: 4410 });
    expect(await container.ended).toBe(0);
    // Not even in the URL, where browsers send it.
    expect(container.text()).not.toContain(as.token.slice(0, 20));
    expect(container.text()).not.toContain("ERROR");
  });
});

/** The lines of metrics in a container's output. */
const metricsIn = (text: string) =>
  text
    .split("\n")
    .filter((line) => line.includes('"CloudWatchMetrics"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
