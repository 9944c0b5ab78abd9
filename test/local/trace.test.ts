/**
 * One search by an `x-request-id` finds the call, its fault, its record, its frame and its posts.
 */
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { endpointFile } from "../../local/aws/discovery-files.ts";
import { call, eventually, freshId, giftType, liveStream, person, topUp } from "../api/people.ts";
import { watch } from "../api/viewer.ts";
import { type System, startSystem } from "../system.ts";

type Line = Record<string, unknown>;

let system: System;

beforeAll(async () => {
  system = await startSystem({ env: { DEMO: "off", LOG: "json" } });
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
});
afterAll(() => system.stop());
afterEach(() => call("DELETE /local/faults"));

/** The log lines that contain this text, as a search would find them. */
const search = (text: string): Line[] =>
  system
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes(text))
    .map((line) => JSON.parse(line));
const idOf = ({ headers }: { headers: Headers }) => headers.get("x-request-id")!;
const shownOf = (id: string) =>
  eventually(
    async () => search(id).find(({ message }) => message === "Records were shown"),
    (line) => line !== undefined,
  );

/** The keys of all items that contain this text. */
async function itemsWith(text: string): Promise<(string | undefined)[]> {
  const { url, accessKeyId, secretAccessKey, sessionToken } = endpointFile.read(system.dataDir)!;
  const credentials = { accessKeyId, secretAccessKey, sessionToken };
  const client = new DynamoDBClient({ endpoint: url, region: "us-east-1", credentials });
  const { Items = [] } = await client.send(new ScanCommand({ TableName: "ovation-dev" }));
  client.destroy();
  return Items.filter((item) => item.correlationId?.S === text).map(({ SK }) => SK?.S);
}

test("a message, a gift and the end of a stream are traced to the frames that showed them", async () => {
  const [{ host, id: streamId }, ann] = await Promise.all([liveStream(), person()]);
  await topUp(ann, 100);
  const viewer = await watch(ann, streamId);
  const said = await call(`POST /api/v1/live-stream/${streamId}/chat/messages`, {
    as: ann,
    body: { content: "hello" },
  });
  const body = { giftTypeId: await giftType(10), liveStreamId: streamId };
  const given = await call("POST /api/v1/gifts/create", { as: ann, body });
  const ended = await call(`POST /api/v1/live-stream/${streamId}/end`, { as: host });
  const calls = [said, given, ended];
  for (const [at, key] of [/^MSG#/, /^GIFT#/, /^META$/].entries()) {
    const id = idOf(calls[at]!);
    const line = await shownOf(id);
    expect(line).toMatchObject({ level: "INFO", streamId, posted: true });
    expect(line?.requestIds).toContain(id);
    expect(await itemsWith(id)).toContainEqual(expect.stringMatching(key));
    const frames = line?.frames as number[];
    expect(frames.length).toBeGreaterThan(0);
    // The viewer got exactly the frame that the line names.
    await eventually(
      async () => viewer.messages.map(({ frame }) => frame),
      (got) => frames.every((n) => got.includes(n)),
    );
  }
  viewer.close();
});

test("frames and responses contain nothing of the trace", async () => {
  const { host, id } = await liveStream();
  const answer = await call(`POST /api/v1/live-stream/${id}/chat/messages`, {
    as: host,
    body: { content: "hello" },
  });
  await shownOf(idOf(answer));
  const log = await call(`GET /api/v1/live-stream/${id}/events?after=0`, { as: host });
  const list = await call(`GET /api/v1/live-stream/${id}/chat/messages`, { as: host });
  for (const { text } of [answer, log, list]) expect(text).not.toContain(idOf(answer));
});

test("a failed call is found with its fault, and with the gateway's log line", async () => {
  const { host, id } = await liveStream();
  const broken = { service: "dynamodb", kind: "error_before", count: 1_000 };
  await call("POST /local/faults", { body: { ...broken, caller: "chat-send-message" } });
  const answer = await call(`POST /api/v1/live-stream/${id}/chat/messages`, {
    as: host,
    body: { content: freshId() },
  });
  expect(answer.status).toBeGreaterThanOrEqual(500);
  const found = await eventually(
    async () => search(idOf(answer)),
    (lines) => lines.length >= 2,
  );
  expect(found).toContainEqual(
    expect.objectContaining({ level: "ERROR", message: "A request failed" }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ statusCode: answer.status, method: "POST" }),
  );
});
