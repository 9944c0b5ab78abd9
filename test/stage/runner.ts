/** A runner that trusts an issuer elsewhere and has no demo, as a deployed stage has none. */
import { buildAssembly } from "../../bin/build/assembly.ts";
import { prepareTable } from "../../bin/start/demo.ts";
import { createLog, startSystem } from "../../local/index.ts";

const { PORT, ISSUER, AUDIENCE, TENCENT_SECRET_KEY, TENCENT_CALLBACK_KEY } = process.env;

await startSystem({
  assemblyDirectory: () => buildAssembly("dev", new AbortController().signal),
  stageName: "dev",
  port: Number(PORT),
  dataDir: ":memory:",
  log: createLog("off"),
  secrets: {
    "ovation/dev/tencent": TENCENT_SECRET_KEY!,
    "ovation/dev/tencent-callback": TENCENT_CALLBACK_KEY!,
  },
  parameters: {
    "/ovation/dev/issuer": ISSUER!,
    "/ovation/dev/audience": AUDIENCE!,
    "/ovation/dev/jwks": `${ISSUER}/.well-known/jwks.json`,
  },
  prepare: (system) => prepareTable(system, { demo: false }),
});
