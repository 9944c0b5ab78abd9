import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { entryPoints } from "../../bin/build/build.ts";

const root = join(import.meta.dirname, "../..");

/** How a bundle reports an error: logged, or thrown for Lambda to log. */
type Fault = { message: string; error: { stack: string } };

/** Calls a bundle like Lambda, without the settings of the table and the issuer: an error. */
function faultOf(name: string, event: object): Fault {
  const bundle = join(root, "dist", name.replaceAll("/", "-"), "index.cjs");
  // The handler is deeper than the ten frames that a stack shows by default.
  const program = `Error.stackTraceLimit = 30; require(${JSON.stringify(bundle)}).handler(${JSON.stringify(event)}, {
    awsRequestId: "1", getRemainingTimeInMillis: () => 5000
  }).catch(({ stack }) => console.log(JSON.stringify({ message: "thrown", error: { stack } })))`;
  const RATES = JSON.stringify({ reads: [50, 100] });
  const env = { STAGE: "dev", ORIGINS: "*", POWERTOOLS_LOG_LEVEL: "INFO", RATES };
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    env,
  });
  // The logged error is on stderr, and comes before the thrown one if there are both.
  const lines = `${stderr}\n${stdout}`.split("\n").filter((line) => line.startsWith("{"));
  return JSON.parse(lines[0] ?? "{}") as Fault;
}

const lineOf = (file: string, text: string) =>
  readFileSync(join(root, file), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1;

const claims = { sub: "0123456789abcdef01234567", roles: "", claims: "{}", jti: "1" };
const missed = { streamId: claims.sub, connectionId: "1", revision: 1 };
/** Its earlier attempts have failed: the next one waits for the visibility timeout. */
const attributes = { ApproximateReceiveCount: "4" };
const message = { messageId: "1", body: JSON.stringify(missed), attributes };
const job = { streamId: claims.sub, from: 1, to: 1, about: 1, at: 0, of: 1 };
/** A well-formed token that only the issuer's keys could tell from a valid one. */
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${part({ alg: "RS256", kid: "1" })}.${part({ sub: claims.sub })}.c2ln`;
const methodArn = "arn:aws:execute-api:us-east-1:000000000000:api/dev/GET/x";

/**
 * A bundle, its event, a line of its handler that leads to the error, and its name in the stack.
 */
test.each([
  ["realtime/resume", { Records: [message] }, "poster: ownPoster()", "queue resumes"],
  ["realtime/post-part", job, "poster: ownPoster()", "task"],
  ["money/measure-debts", {}, "await sumDebts(", "rate(1 minute)"],
  [
    "auth/http",
    { multiValueHeaders: { Authorization: [`Bearer ${token}`] }, methodArn },
    "await verifyToken(",
    "authorizer http",
  ],
])("an error of %s is logged with its handler and source lines", (name, event, line, as) => {
  const file = entryPoints()[name]!;
  const { stack } = faultOf(name, event).error;
  expect(stack).toMatch(/\(?platform\/(runtime\/env|auth\/token)\.ts:\d+:\d+/);
  expect(stack).toContain(`${as} (${file}:${lineOf(file, line)}:`);
  expect(stack).not.toContain("index.cjs");
});
