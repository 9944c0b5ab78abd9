/**
 * Preloaded into a Node process (`--import`): records in the file of its query (`?to=`) which hosts
 * it resolves or connects to, loopback included, also in its worker threads.
 */
import dns from "node:dns";
import { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import workers from "node:worker_threads";

const file = new URL(import.meta.url).searchParams.get("to")!;
const note = (host: unknown) => {
  const line = { host: String(host ?? "localhost"), program: process.argv[1] ?? "" };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
};

/** The host in the arguments of a connect call: options, port and host, or a list of either. */
function hostOf([first, second]: unknown[]): unknown {
  if (Array.isArray(first)) return hostOf(first);
  if (typeof first !== "object" || first === null)
    return typeof second === "string" ? second : undefined;
  const { host, path } = first as { host?: string; path?: string };
  return path === undefined ? host : "localhost";
}

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
  note(hostOf(given));
  return Reflect.apply(connect, this, given);
} as typeof connect;

for (const place of [dns, dns.promises] as { lookup: (...given: never[]) => unknown }[]) {
  const { lookup } = place;
  place.lookup = (...given) => {
    note(given[0]);
    return lookup(...given);
  };
}

class Watched extends workers.Worker {
  constructor(source: string | URL, options: workers.WorkerOptions = {}) {
    const execArgv = [...(options.execArgv ?? []), "--import", import.meta.url];
    super(source, { ...options, execArgv });
  }
}
workers.Worker = Watched;
syncBuiltinESMExports();
