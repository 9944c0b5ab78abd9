import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { callEngineAt } from "../../../../local/aws/engine-call.ts";
import { freePort } from "../../../system.ts";
import type { Engine } from "./compare.ts";

/**
 * The other engine's executable; undefined if it is not installed. It exists for Linux x64, where a
 * missing one throws if CI is set.
 */
export function findDynoxide(): string | undefined {
  try {
    const require = createRequire(import.meta.url);
    return join(dirname(require.resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  } catch (error) {
    if (process.env.CI && `${process.platform} ${process.arch}` === "linux x64") throw error;
    return undefined;
  }
}

/** Starts the other engine on a database in memory. */
export async function startDynoxide(
  file: string,
): Promise<Engine & { endpoint: string; stop(): Promise<void> }> {
  const port = await freePort();
  const child: ChildProcess = spawn(file, ["--port", String(port)], { stdio: "ignore" });
  const ended = once(child, "exit");
  const endpoint = `http://127.0.0.1:${port}`;
  const call = callEngineAt(endpoint);
  for (let tries = 0; ; tries++) {
    try {
      await call("DynamoDB_20120810.ListTables", {});
      break;
    } catch (error) {
      if (tries > 500 || child.exitCode !== null) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  return {
    endpoint,
    call: (name, body) => {
      const service = /Stream|Records|Shard/.test(name) ? "DynamoDBStreams" : "DynamoDB";
      return call(`${service}_20120810.${name}`, body);
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
