import { randomUUID } from "node:crypto";
import type { RunnerRoute } from "../gateway/runner-routes.ts";
import type { PerformCalls } from "../model.ts";
import { reachableHosts } from "../reachable.ts";
import { sharedCell, startWorker, type WorkerFunction } from "./worker.ts";

/** A running relay, in its own thread. */
export type LocalRelay = {
  /** The WebSocket URL. */
  url: string;
  /** `GET` returns the URL; `DELETE` kills the thread like a power cut, and another one starts. */
  routes: RunnerRoute[];
  /** Closes its sockets over this time, then ends the thread; kills it after five times as long. */
  stop(milliseconds: number): Promise<void>;
};

type RelayOptions = {
  /** A free port by default. */
  relayPort?: number | undefined;
  host?: string | undefined;
  log: { problem(line: string): void };
};

/** How the relay calls AWS, and where its log lines go. */
type Ways = {
  doCalls: PerformCalls;
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** How often to check whether the relay has to be replaced. */
const checkMilliseconds = 200;
/** A relay that needs more than this many times the ordered time to close its sockets is killed. */
const drainTimesMax = 5;

/**
 * Starts a stage's relay with the policies of its role. If it dies it is replaced, as ECS replaces
 * a task. Rejects with a readable sentence if it cannot start.
 */
export async function startLocalRelay(
  { relayPort = 0, host = "127.0.0.1", log }: RelayOptions,
  relay: WorkerFunction,
  ways: Ways,
): Promise<LocalRelay> {
  let port = relayPort;
  let worker = start();
  let isStopping = false;

  function start() {
    const { memoryMegabytes } = relay.lambda;
    return startWorker({ memoryMegabytes, frozen: sharedCell(), ...ways });
  }

  async function order(what: object): Promise<unknown> {
    const result = await worker.run(relay, randomUUID(), { text: JSON.stringify(what) });
    if (!result.ok) throw new Error(explain(result.error.errorMessage));
    return result.payload;
  }

  function explain(message: string): string {
    return message.includes("EADDRINUSE")
      ? `RELAY_PORT: port ${port} is in use: stop the process that uses it, or set RELAY_PORT to another one.`
      : `The relay: ${message}`;
  }

  async function listen(): Promise<void> {
    ({ port } = (await order({ listen: { port, host } })) as { port: number });
  }

  await listen();
  let hasTold = false;
  const timer = setInterval(() => {
    if (!worker.ended() || isStopping) return;
    const replacement = start();
    worker = replacement;
    listen().then(
      () => {
        hasTold = false;
      },
      (error: Error) => {
        // Logged once per outage. It ends, so that the next look replaces it.
        if (!hasTold) log.problem(error.message);
        hasTold = true;
        return replacement.end();
      },
    );
  }, checkMilliseconds);
  timer.unref();
  const [name = "127.0.0.1"] = reachableHosts(host);
  const url = `ws://${name}:${port}/ws`;
  const path = "/local/relay";
  return {
    url,
    routes: [
      { method: "GET", path, handler: async () => ({ status: 200, body: { url } }) },
      {
        method: "DELETE",
        path,
        async handler() {
          await worker.end();
          return { status: 204 };
        },
      },
    ],
    async stop(milliseconds) {
      isStopping = true;
      clearInterval(timer);
      const draining = order({ drain: { milliseconds } }).catch(() => undefined);
      // A busy machine needs longer than ordered, and the sockets of a killed relay get no
      // `closing`.
      const late = new Promise((done) => setTimeout(done, drainTimesMax * milliseconds).unref());
      await Promise.race([draining, late]);
      await worker.end();
    },
  };
}
