/** The relay's own bundle in its container, next to a system whose sockets a relay holds. */
import { endpointFile } from "../../local/aws/discovery-files.ts";
import { call, liveStream, person } from "../api/people.ts";
import { type Message, open } from "../api/viewer.ts";
import { freePort, type System, startSystem } from "../system.ts";
import { aws, Environment, ownBundle, startContainer, useContainers } from "./container.ts";

useContainers();
let system: System;
beforeAll(async () => {
  system = await startSystem({ env: { RELAY: "on", DEMO: "off" } });
  process.env.API_URL = system.url;
});
afterAll(() => system?.stop());

test("the relay accepts sockets in a container and publishes gathered metrics, with only its task's rights", async () => {
  aws.bundle = ownBundle;
  // Locally an access key is the name of a role.
  aws.given = [{ AccessKeyId: "ovation-dev-relay", SecretAccessKey: "any" }];
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
      ISSUER: iss,
      AUDIENCE: aud,
      JWKS_URI: `${iss}/.well-known/jwks.json`,
      WS_ENDPOINT: `${system.url}/ws`,
      LOCAL: "on",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: endpointFile.read(system.dataDir)!.url,
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

/** The whole lines of metrics in a container's output. */
const metricsIn = (text: string) =>
  text
    .split("\n")
    .slice(0, -1)
    .filter((line) => line.includes('"CloudWatchMetrics"'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
