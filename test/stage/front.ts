import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import type { Certificate } from "./certificate.ts";

/** The names under which a stage is met, as AWS gives each of its APIs one. */
export const hosts = {
  api: "api.ovation.localhost",
  sockets: "sockets.ovation.localhost",
  tencent: "tencent.ovation.localhost",
  // The runner's threads look this one up without our help.
  keys: "localhost",
} as const;

/** A stage is also the path of its HTTP API. */
const apiPath = "/dev";

/** What another host has, or nobody but this machine. */
const notOfApi = /^\/(local|v4|tencent|pictures|ws)(?![^/?])/;

/**
 * Where a request goes on the runner; undefined where AWS would say that there is no such stage.
 * What is a stage's of no host leads nowhere, so that its API answers as for any other such path.
 */
function placeOf(host: string, url: string): string | undefined {
  if (host === hosts.sockets) return /^\/ws(\?|$)/.test(url) ? url : undefined;
  if (host === hosts.tencent) return /^\/(v4|tencent)(?![^/?])/.test(url) ? url : undefined;
  if (host !== hosts.api || !new RegExp(`^${apiPath}(?![^/?])`).test(url)) return undefined;
  const path = url.slice(apiPath.length) || "/";
  return notOfApi.test(path) ? `/nothing${path}` : path;
}

const hostOf = ({ headers }: IncomingMessage) => (headers.host ?? "").replace(/:\d+$/, "");

/**
 * Stands before a runner as AWS's front does before a stage: https and wss alone, a name for each
 * API, and nothing of what only one machine has. Names another path than the runner's where AWS
 * does. `keys` is what the issuer publishes.
 */
export async function startFront(
  { certificate, key }: Certificate,
  runner: URL,
  keys: (path: string) => unknown,
) {
  const to = { host: runner.hostname, port: runner.port };
  function answer(asked: IncomingMessage, response: ServerResponse): void {
    const host = hostOf(asked);
    const found = host === hosts.keys ? keys(asked.url ?? "") : undefined;
    if (found !== undefined) {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
      return;
    }
    const path = placeOf(host, asked.url ?? "");
    if (path === undefined || host === hosts.sockets) {
      response.writeHead(403).end('{"message":"Forbidden"}');
      return;
    }
    const headers = asked.rawHeaders;
    const passed = request({ ...to, path, method: asked.method ?? "GET", headers }, (got) => {
      response.writeHead(got.statusCode ?? 502, got.rawHeaders);
      got.pipe(response);
    });
    passed.once("error", () => response.destroy());
    response.once("close", () => passed.destroy());
    asked.pipe(passed);
  }

  function upgrade(asked: IncomingMessage, near: Duplex, head: Buffer): void {
    const path = placeOf(hostOf(asked), asked.url ?? "");
    if (path === undefined || hostOf(asked) !== hosts.sockets) {
      near.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const pairs = asked.rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    const far = connect(Number(to.port), to.host, () => {
      far.write(`GET ${path} HTTP/1.1\r\n${pairs.join("")}\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.once("error", () => other.destroy());
      one.once("close", () => other.destroy());
    }
  }

  const server = createServer({ cert: certificate, key, noDelay: true }, answer);
  // The runner's answers promise clients that an idle connection lasts this long.
  server.keepAliveTimeout = 65_000;
  server.on("upgrade", upgrade);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    urls: {
      api: `https://${hosts.api}:${port}${apiPath}/`,
      sockets: `wss://${hosts.sockets}:${port}/ws`,
      tencent: `https://${hosts.tencent}:${port}/v4/`,
      callback: `https://${hosts.tencent}:${port}/tencent/callback`,
      issuer: `https://${hosts.keys}:${port}/issuer`,
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
