/** The relay's container, run as ECS runs it, for the tests of a file. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { stageOf } from "../../lib/stages/stages.ts";
import { listen } from "../../local/reachable.ts";
import { createSigner, hashOf } from "../../platform/aws/sign.ts";
import { synthesize, theResource } from "../cloud/templates.ts";

const dev = stageOf((key) => ({ stage: "dev", relay: "on" })[key]);
const { templates } = await synthesize(dev);
const task = theResource(templates, "AWS::ECS::TaskDefinition", "relay").Properties;
/** The template's command and settings. */
export const [{ Command, Environment }] = task.ContainerDefinitions;
const bundleFile = join(import.meta.dirname, "../../dist/relay/index.cjs");
export const ownBundle = readFileSync(bundleFile);

type Credentials = {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token?: string;
  Expiration?: string;
};

/** What the container's requests get, and which of them were wrong. */
export const aws = {
  /** The credentials, or status codes, that ECS returns in turn; the last one is repeated. */
  given: [] as (Credentials | number)[],
  /** The object in the bucket. */
  bundle: Buffer.alloc(0),
  isRefused: false,
  problems: [] as string[],
};
let newest: Credentials | undefined;
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
  // A busy container would reuse a connection that the server closes at that moment.
  response.setHeader("connection", "close");
  if (request.url === "/credentials") {
    const next = aws.given.length > 1 ? aws.given.shift() : aws.given[0];
    if (typeof next === "number") return void response.writeHead(next).end();
    newest = next;
    return void response.end(JSON.stringify(next));
  }
  if (!isSigned(request)) aws.problems.push(`not signed: ${request.url}`);
  if (aws.isRefused) return void response.writeHead(403).end("no");
  response.end(aws.bundle);
}

/** Serves credentials and the bundle, and ends each test's containers after it. */
export function useContainers(): void {
  beforeAll(async () => {
    server = createServer(answer);
    base = `http://127.0.0.1:${await listen(server)}`;
  });
  beforeEach(() => Object.assign(aws, { isRefused: false, problems: [] }));
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children.clear();
    expect(aws.problems).toEqual([]);
  });
  afterAll(() => server.close());
}

/** Starts the container's command; only the bucket's address differs from the template. */
export function startContainer(more: Record<string, string> = {}, port?: number) {
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
  // Not "exit", at which its output may be unread.
  const ended = once(child, "close").then(([code]) => code as number | null);
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

export const ownHash = createHash("sha256").update(ownBundle).digest("hex");
