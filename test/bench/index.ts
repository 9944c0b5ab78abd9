/**
 * `npm run bench`: cost and speed of Ovation on this machine, measured on a started system. Compare
 * figures of one run only: machines differ, and the load, the gateway, the functions and the engine
 * share two cores.
 */
import { type System, startSystem } from "../system.ts";
import { benchAlone } from "./alone.ts";
import { benchAttackers } from "./attackers.ts";
import { benchBundles } from "./bundles.ts";
import { benchClocking } from "./clocking.ts";
import { readCommand, readNumbers, refuse } from "./command.ts";
import { benchFrames } from "./frames.ts";
import { benchImport } from "./import.ts";
import { benchMemory } from "./memory.ts";
import { benchPages } from "./pages.ts";
import { benchRandom } from "./random-calls.ts";
import { benchRates } from "./rates.ts";
import { benchRelayReturns, benchReturns } from "./returns.ts";
import { benchSoak } from "./soak.ts";
import { benchSockets } from "./sockets.ts";
import { benchStart } from "./start.ts";
import { benchTexts } from "./texts.ts";
import { benchVotes } from "./votes.ts";
import { benchWebhooks } from "./webhooks.ts";

const parts: Record<string, () => Promise<void>> = {
  start: benchStart,
  bundles: benchBundles,
  alone: benchAlone,
  texts: benchTexts,
  frames: benchFrames,
  votes: () => withSystem(benchVotes),
  attackers: () => withSystem(() => benchAttackers(values.run), "prod"),
  pages: benchPages,
  returns: benchReturns,
  "relay-returns": benchRelayReturns,
  rates: benchRates,
  webhooks: () => withSystem(() => benchWebhooks(values.run)),
  memory: benchMemory,
  import: () => benchImport(rows),
  clocking: benchClocking,
  sockets: () => benchSockets(sizes),
  soak: () => benchSoak(minutes),
  random: () => benchRandom(minutes, values.run),
};

/** Benchmarks of many minutes run only when they are named. */
const long = new Set(["soak", "import", "random"]);

async function withSystem(bench: (system: System) => Promise<void>, stage = "dev"): Promise<void> {
  const system = await startSystem({ env: { DEMO: "off", STAGE: stage } });
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
  try {
    await bench(system);
  } finally {
    await system.stop();
  }
}

const options =
  "[--minutes=3] [--run=one-hangs, uploads or kills] [--rows=100000] [--sockets=10000]";
const usage = `npm run bench -- [names] ${options}
  names: ${Object.keys(parts).join(", ")}
  default: all but ${[...long].join(", ")}`;
const { names, values } = readCommand(usage, {
  minutes: { type: "string" },
  run: { type: "string" },
  rows: { type: "string" },
  sockets: { type: "string" },
});
const unknown = names.find((name) => !(name in parts));
if (unknown !== undefined) refuse(`Unknown benchmark ${unknown}`, usage);
const [minutes] = readNumbers(values.minutes, usage) ?? [];
const [rows] = readNumbers(values.rows, usage) ?? [];
const sizes = readNumbers(values.sockets, usage);
for (const [name, bench] of Object.entries(parts))
  if (names.length === 0 ? !long.has(name) : names.includes(name)) await bench();
