/** The broadcaster behind the same gateway, workers and engine as Ovation, in one process. */
import { join } from "node:path";
import { createLog, startSystem } from "../../../local/index.ts";

const [directory, port] = process.argv.slice(2) as [string, string];
const system = await startSystem({
  assemblyDirectory: () => directory,
  stageName: "dev",
  port: Number(port),
  dataDir: join(directory, "data"),
  log: createLog("off"),
  secrets: {},
});
console.log("ready");
process.on("SIGTERM", async () => {
  setTimeout(() => process.exit(0), 2000).unref();
  await system.stop();
  process.exit(0);
});
