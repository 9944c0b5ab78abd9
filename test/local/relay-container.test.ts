/**
 * The relay's container, run as ECS runs it: the template's command and settings, credentials from
 * an endpoint, and the bundle from a bucket.
 */
import { createHash } from "node:crypto";
import { aws, Command, ownHash, startContainer, useContainers } from "./container.ts";

useContainers();
beforeEach(() => {
  aws.given = [
    { AccessKeyId: "ASIAFIRST", SecretAccessKey: "first-secret", Token: "first/token+=" },
  ];
});

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
  aws.bundle = Buffer.from(text);
  return createHash("sha256").update(text).digest("hex");
}

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
  aws.given.unshift(500, 503);
  asks(bring(telling));
  const { child, said, ended } = startContainer();
  await said('"listen"');
  child.kill("SIGKILL");
  await ended;
  aws.isRefused = true;
  const refused = startContainer();
  expect(await refused.ended).toBe(1);
  expect(refused.text()).toContain("S3 did not give the bundle: 403");
});

test("credentials are renewed while the process lives, and kept if that fails", async () => {
  aws.given.push(500, { AccessKeyId: "ASIASECOND", SecretAccessKey: "second", Token: "two" });
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
