import { randomUUID } from "node:crypto";
import type { OwnRoute } from "../gateway/own-routes.ts";
import type { DoCalls } from "../model.ts";
import { sharedCell, startWorker, type WorkerFunction } from "./worker.ts";

/** The relay of a stage at work, in a thread of its own. */
export type LocalRelay = {
  /** Where it takes sockets. */
  url: string;
  /** Says where that is, and ends its thread as a power cut does; another one takes its place. */
  routes: OwnRoute[];
  stop(milliseconds: number): Promise<void>;
};

type RelayOptions = {
  /** A free one where it is left out. */
  relayPort?: number | undefined;
  host?: string;
  cacheDirectory?: string;
  log: { problem(line: string): void };
};

/** Its ways to AWS, and to where its lines are shown. */
type Ways = {
  doCalls: DoCalls;
  line(functionName: string, text: string, stream: "stdout" | "stderr"): void;
};

/** How soon a relay that has ended is replaced. */
const lookMilliseconds = 200;

/**
 * Starts a stage's relay under its role's policies. One that dies is replaced, as ECS replaces a
 * task. Rejects with a sentence where it cannot be started.
 */
export async function startLocalRelay(
  { relayPort = 0, host = "127.0.0.1", cacheDirectory, log }: RelayOptions,
  relay: WorkerFunction,
  ways: Ways,
): Promise<LocalRelay> {
  let port = relayPort;
  let worker = start();
  let isStopping = false;

  function start() {
    const { memoryMegabytes } = relay.lambda;
    const cache = cacheDirectory && { cacheDirectory };
    return startWorker({ memoryMegabytes, ...cache, frozen: sharedCell(), ...ways });
  }

  async function order(what: object): Promise<unknown> {
    const result = await worker.run(relay, randomUUID(), JSON.stringify(what));
    if (!result.ok) throw new Error(`The relay: ${result.error.errorMessage}`);
    return result.payload;
  }

  async function listen(): Promise<void> {
    ({ port } = (await order({ listen: { port, host } })) as { port: number });
  }

  await listen();
  const timer = setInterval(() => {
    if (!worker.ended() || isStopping) return;
    worker = start();
    listen().catch((error: Error) => log.problem(error.message));
  }, lookMilliseconds);
  timer.unref();
  const url = `ws://${host === "0.0.0.0" ? "127.0.0.1" : host}:${port}/ws`;
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
      const late = new Promise((done) => setTimeout(done, 2 * milliseconds).unref());
      await Promise.race([draining, late]);
      await worker.end();
    },
  };
}
