import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { entryPoints } from "../../bin/build.ts";

const root = join(import.meta.dirname, "../..");

/** Calls a bundle as Lambda does, without the setting that names the table: a fault. */
function logOfFault(name: string, event: object): { message: string; stack: string } {
  const bundle = join(root, "dist", name.replaceAll("/", "-"), "index.cjs");
  const program = `require(${JSON.stringify(bundle)}).handler(${JSON.stringify(event)}, {
    awsRequestId: "1", getRemainingTimeInMillis: () => 5000 })`;
  const env = { STAGE: "dev", ORIGINS: "*", POWERTOOLS_LOG_LEVEL: "INFO" };
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    encoding: "utf8",
    env,
  });
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.startsWith("{"));
  const { message, error } = JSON.parse(lines[0] ?? "{}");
  return { message, stack: error.stack };
}

const lineOf = (file: string, text: string) =>
  readFileSync(join(root, file), "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1;

test("a fault in a bundle is logged with the files and lines of the sources", () => {
  const file = entryPoints()["streams/get"]!;
  const claims = { sub: "0123456789abcdef01234567", roles: "", claims: "{}", jti: "1" };
  const { message, stack } = logOfFault("streams/get", {
    httpMethod: "GET",
    headers: {},
    pathParameters: { streamId: "0123456789abcdef01234568" },
    requestContext: { requestId: "1", authorizer: { ...claims, exp: "9999999999" } },
  });
  expect(message).toBe("A request failed");
  expect(stack).toMatch(/\(?platform\/env\.ts:\d+:\d+/);
  expect(stack).toContain(`${file}:${lineOf(file, "await getVisibleStream(")}:`);
  expect(stack).toContain("GET /api/v1/live-stream/{streamId}");
  expect(stack).not.toContain("index.cjs");
}, 30_000);
