import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:https";
import { connect, createServer as createBalancer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream";
import { buildAssembly } from "../../bin/build/assembly.ts";
import { semiSpaceMegabytes } from "../../lib/stages/relay.ts";
import { readAssembly } from "../../local/assembly/index.ts";
import { endpointFile } from "../../local/aws/discovery-files.ts";
import { parametersOf } from "../../local/issuer.ts";
import { environmentOf } from "../../local/lambda/environment.ts";
import { listen } from "../../local/reachable.ts";
import { person } from "../api/people.ts";
import { freePort, type System } from "../system.ts";
import { endProcess, startServer } from "./peers/processes.ts";

/** A relay in a process of its own, which calls AWS over TLS, as a task does. */
export type RelayTask = {
  port: number;
  pid(): number;
  /** Its calls to AWS so far. */
  calls(): number;
  stop(): Promise<void>;
};

/** Starts a second relay of a system that runs with `RELAY=on`. Needs `openssl`. */
export async function startRelayTask(system: System): Promise<RelayTask> {
  const note = endpointFile.read(system.dataDir);
  if (note === undefined) throw new Error(`No endpoint runs on ${system.dataDir}`);
  const directory = mkdtempSync(join(tmpdir(), "ovation-relay-"));
  const tls = await startTls(new URL(note.url), directory);
  const signal = new AbortController().signal;
  const assembly = await buildAssembly("dev", signal, { relay: "on" });
  const { iss, aud } = claimsOf((await person()).token);
  const issuer = { url: iss, audience: aud, jwksUrl: `${iss}/.well-known/jwks.json` };
  const parameters = parametersOf("dev", issuer as Parameters<typeof parametersOf>[1]);
  const stage = readAssembly({ directory: assembly, stageName: "dev", parameters });
  const relay = stage.functions[stage.relay ?? ""];
  if (relay === undefined) throw new Error("The stage has no relay");
  const { accessKeyId, secretAccessKey, sessionToken } = note;
  const env = environmentOf(relay, {
    stage,
    endpointUrl: tls.url,
    gatewayUrl: system.url,
    credentialsFor: () => ({ accessKeyId, secretAccessKey, sessionToken }),
  });
  const port = await freePort();
  const child = await startServer(
    join(import.meta.dirname, "relay-program.ts"),
    [join(relay.directory, "index.cjs"), String(port)],
    {
      ...env,
      NODE_EXTRA_CA_CERTS: tls.certificate,
      NODE_NO_WARNINGS: "1",
      NODE_OPTIONS: `--max-semi-space-size=${semiSpaceMegabytes}`,
    },
  );
  return {
    port,
    pid: () => child.pid ?? 0,
    calls: tls.calls,
    async stop() {
      await endProcess(child, "SIGKILL");
      await tls.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/**
 * A load balancer for relays, in this process: it passes connections on to the current one, from
 * the address of the client.
 */
export async function startBalancer(tasks: readonly [RelayTask, ...RelayTask[]]) {
  let current = tasks[0];
  const server = createBalancer({ noDelay: true }, (client) => {
    const { remoteAddress: localAddress } = client;
    const { port } = current;
    const task = connect({ host: "127.0.0.1", port, ...(localAddress && { localAddress }) });
    pipeline(client, task, () => undefined);
    pipeline(task, client, () => undefined);
  });
  return {
    url: `ws://127.0.0.1:${await listen(server)}/ws`,
    current: () => current,
    /** New connections go to the next task. */
    turn() {
      current = tasks[(tasks.indexOf(current) + 1) % tasks.length] ?? tasks[0];
    },
    stop: () => server.close(),
  };
}

/** The local AWS endpoint over TLS, in this process. */
async function startTls(to: URL, directory: string) {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-days", "1", "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  const files = { key: readFileSync(key), cert: readFileSync(certificate) };
  let calls = 0;
  const server = createServer(files, (incoming, outgoing) => {
    calls += 1;
    const { method, url: path, headers } = incoming;
    const passed = request({ host: to.hostname, port: to.port, method, path, headers });
    passed.on("response", (answer) => {
      // The caller has given up.
      if (outgoing.destroyed) return void answer.resume();
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing, () => undefined);
    });
    passed.on("error", () => outgoing.destroy());
    pipeline(incoming, passed, () => undefined);
  });
  server.keepAliveTimeout = 60_000;
  return {
    url: `https://127.0.0.1:${await listen(server)}`,
    certificate,
    calls: () => calls,
    async stop() {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
    },
  };
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as {
    iss: string;
    aud: string;
  };
