/*
 * The first program of a relay's container, whose image is Node's public one. The task's command
 * contains this program (lib/relay/task.ts) and the location and hash of the bundle, which is run
 * only if its hash matches. Imports only Node's own modules; Node strips the types.
 */
import { createHmac, hash } from "node:crypto";
import { createRequire } from "node:module";
import { compileFunction, constants } from "node:vm";

/** Our bundle, as far as this program uses it. */
type Bundle = { handler(order: object): Promise<unknown> };

/** ECS's response with the credentials of the task's role. */
type Credentials = {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token?: string;
  Expiration?: string;
};

/** ECS issues new credentials long before the old ones expire. */
const renewMilliseconds = 5 * 60_000;
const triesMax = 5;
const { env } = process;

/**
 * Puts the role's credentials into the environment, where our code reads them; they change while a
 * task runs. https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
async function renewCredentials(): Promise<void> {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const place = relative
    ? `http://169.254.170.2${relative}`
    : env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  const answer = await fetch(String(place), { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`ECS gave no credentials: ${answer.status}`);
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = (await answer.json()) as Credentials;
  if (!AccessKeyId || !SecretAccessKey) throw new Error("ECS gave no credentials");
  env.AWS_ACCESS_KEY_ID = AccessKeyId;
  env.AWS_SECRET_ACCESS_KEY = SecretAccessKey;
  if (Token) env.AWS_SESSION_TOKEN = Token;
  // Makes the SDK, if a bundle contains it, renew its credentials.
  if (Expiration) env.AWS_CREDENTIAL_EXPIRATION = Expiration;
}

/**
 * The headers of a signed GET to S3, which signs paths as they are sent.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function signedHeaders({ host, pathname }: URL): Record<string, string> {
  const time = new Date().toISOString().replace(/[:-]|\.\d{3}/g, "");
  const nothing = hash("sha256", "");
  const headers: Record<string, string> = {
    host,
    "x-amz-content-sha256": nothing,
    "x-amz-date": time,
    ...(env.AWS_SESSION_TOKEN && { "x-amz-security-token": env.AWS_SESSION_TOKEN }),
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const request = ["GET", pathname, "", lines.join(""), names, nothing].join("\n");
  const scope = [time.slice(0, 8), env.AWS_REGION, "s3", "aws4_request"];
  let key: string | Buffer = `AWS4${env.AWS_SECRET_ACCESS_KEY}`;
  for (const part of scope) key = createHmac("sha256", key).update(String(part)).digest();
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), hash("sha256", request)].join("\n");
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const by = `Credential=${env.AWS_ACCESS_KEY_ID}/${scope.join("/")}`;
  const authorization = `AWS4-HMAC-SHA256 ${by}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...headers, authorization };
}

/** Retries an action that may fail temporarily, with growing pauses. */
async function retry<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++)
    try {
      return await act();
    } catch (error) {
      if (tries >= triesMax) throw error;
      await new Promise((done) => setTimeout(done, 100 * 2 ** tries));
    }
}

async function fetchBundle(url: URL): Promise<Buffer> {
  const signal = AbortSignal.timeout(20_000);
  const answer = await fetch(url, { headers: signedHeaders(url), signal });
  if (!answer.ok) throw new Error(`S3 did not give the bundle: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Runs a bundle's text like `require`, without a file: the container's disk is read-only. */
function run(text: string): Bundle {
  const module = { exports: {} as Bundle };
  const names = ["exports", "require", "module"];
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const filename = "/relay.cjs";
  const call = compileFunction(text, names, { filename, importModuleDynamically });
  call(module.exports, createRequire(filename), module);
  return module.exports;
}

function fail(message: string, error: unknown): void {
  const line = { level: "ERROR", message, reason: String(error) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function start(): Promise<void> {
  const [, url = "", sha256 = "", port, drainMilliseconds] = process.argv;
  let bundle: Bundle | undefined;
  process.once("SIGTERM", async () => {
    await bundle?.handler({ drain: { milliseconds: Number(drainMilliseconds) } });
    process.exit(0);
  });
  await retry(renewCredentials);
  const bytes = await retry(() => fetchBundle(new URL(url)));
  const found = hash("sha256", bytes);
  if (found !== sha256) throw new Error(`The bundle is ${found}, not ${sha256}`);
  setInterval(() => {
    renewCredentials().catch((error) => fail("Credentials were not renewed", error));
  }, renewMilliseconds);
  bundle = run(bytes.toString());
  await bundle.handler({ listen: { port: Number(port) } });
}

start().catch((error) => {
  fail("The relay did not start", error);
  process.exit(1);
});
