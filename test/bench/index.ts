/**
 * `npm run bench [names] [-- soak --minutes=3] [-- webhooks --run=hangs]`: what Ovation takes and how fast it is on this machine, from a started system.
 * Figures are for comparison within one run: machines differ, and two cores are shared by the load,
 * the gateway, the functions and the engine.
 */
import { startSystem } from "../system.ts";
import { benchAlone } from "./alone.ts";
import { benchBundles } from "./bundles.ts";
import { benchClocking } from "./clocking.ts";
import { benchFrames } from "./frames.ts";
import { benchLoad } from "./load.ts";
import { benchMemory } from "./memory.ts";
import { benchNeighbours } from "./neighbours.ts";
import { benchPush } from "./push.ts";
import { benchRates } from "./rates.ts";
import { benchResumes } from "./resumes.ts";
import { benchReturns } from "./returns.ts";
import { benchSoak } from "./soak.ts";
import { benchStart } from "./start.ts";
import { benchTexts } from "./texts.ts";
import { benchUnits } from "./units.ts";
import { benchWebhooks } from "./webhooks.ts";

const parts: Record<string, () => Promise<void>> = {
  start: benchStart,
  bundles: benchBundles,
  alone: benchAlone,
  texts: benchTexts,
  frames: benchFrames,
  units: () => withSystem(benchUnits),
  load: () => withSystem(benchLoad),
  push: () => withSystem(benchPush),
  resumes: () => withSystem(benchResumes),
  returns: benchReturns,
  rates: benchRates,
  webhooks: () => withSystem(() => benchWebhooks(run)),
  memory: benchMemory,
  clocking: benchClocking,
  neighbours: benchNeighbours,
  soak: () => benchSoak(minutes),
};

/** What takes half an hour runs when it is named, and not with all the others. */
const long = new Set(["soak"]);

async function withSystem(bench: () => Promise<void>): Promise<void> {
  const system = await startSystem({ env: { DEMO: "off" } });
  process.env.API_URL = system.url;
  process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
  try {
    await bench();
  } finally {
    await system.stop();
  }
}

const words = process.argv.slice(2);
const wanted = words.filter((word) => !word.startsWith("--"));
const given = words.find((word) => word.startsWith("--minutes="))?.split("=")[1];
const minutes = given === undefined ? undefined : Number(given);
if (minutes !== undefined && !(Number.isInteger(minutes) && minutes > 0))
  throw new Error(`--minutes= takes a whole number, found ${given}`);
const run = words.find((word) => word.startsWith("--run="))?.split("=")[1];
for (const name of wanted.filter((name) => !(name in parts))) {
  console.error(`There is no bench ${name}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
for (const [name, bench] of Object.entries(parts))
  if (wanted.length === 0 ? !long.has(name) : wanted.includes(name)) await bench();
