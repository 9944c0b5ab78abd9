import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:http";
import {
  ApiGatewayManagementApiClient,
  PostToConnectionCommand,
} from "@aws-sdk/client-apigatewaymanagementapi";
import { createPoster, payloadOf } from "../../../platform/push/gateway.ts";
import { freePort } from "../../system.ts";
import { print, quantile, round } from "../figures.ts";

const rounds = 5;
const postsPerRound = 4_000;
const atOnce = 50;
const connections = Array.from({ length: 5_000 }, (_, n) => `c${n}AAAAAAAA=`);

/** A stand-in for the gateway, which answers every post at once. */
function serveGateway(port: number): void {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, { "content-length": "0" }).end());
  });
  server.listen(port, "127.0.0.1", () => process.send!("ready"));
  process.on("disconnect", () => process.exit(0));
}

/** CPU microseconds, user and system, of one post. */
async function measure(post: (connectionId: string) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < postsPerRound) await post(connections[next++ % connections.length]!);
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / postsPerRound;
}

/**
 * What a post takes of the function's CPU: our client compared with the stock SDK's, round by
 * round.
 */
export async function benchPosts(): Promise<void> {
  const port = await freePort();
  const gateway: ChildProcess = fork(import.meta.filename, [String(port)]);
  await new Promise((done) => gateway.once("message", done));
  const credentials = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
  Object.assign(process.env, credentials, { AWS_SESSION_TOKEN: "t".repeat(800) });
  const endpoint = `http://127.0.0.1:${port}/ws`;
  const text = "x".repeat(512);
  const payload = payloadOf(text);
  const own = createPoster(endpoint);
  const sdk = new ApiGatewayManagementApiClient({ endpoint, region: "us-east-1" });
  const clients = {
    "own (platform/push/gateway.ts)": (id: string) => own.post(id, payload),
    "stock SDK client": (ConnectionId: string) =>
      sdk.send(new PostToConnectionCommand({ ConnectionId, Data: text })),
  };
  const figures = new Map(Object.keys(clients).map((name) => [name, [] as number[]]));
  // The first round warms up; then in turns, so that a slow moment meets both.
  for (let turn = 0; turn <= rounds; turn++)
    for (const [name, post] of Object.entries(clients)) {
      const microseconds = await measure(post);
      if (turn > 0) figures.get(name)!.push(microseconds);
    }
  gateway.disconnect();
  print(
    "CPU of one post, microseconds (goal: own at most 60)",
    [...figures].map(([client, all]) => ({
      client,
      median: round(quantile(all, 0.5)),
      least: round(Math.min(...all)),
    })),
  );
}

if (import.meta.main) serveGateway(Number(process.argv[2]));
