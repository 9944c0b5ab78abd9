import { styleText } from "node:util";
import type { System } from "../../local/index.ts";
import { reachableHosts } from "../../local/reachable.ts";
import { demoUsersOf } from "./demo.ts";
import type { Settings } from "./settings.ts";
import { describeStart, formatStartBlock, type StartFacts } from "./start-block.ts";

/** What the start message depends on: it is text, or (with `json` or a JSON log) one JSON line. */
export type Announcement = {
  settings: Settings;
  json: boolean;
  hasKeys: boolean;
  /** Whether the table has the demo data. */
  hasDemo: boolean;
};

/** Prints that the system is ready, with its addresses. Returns the printed facts. */
export async function announce(system: System, announcement: Announcement): Promise<StartFacts> {
  const { settings, json, hasKeys, hasDemo } = announcement;
  const facts: StartFacts = {
    url: system.url,
    relayUrl: system.relayUrl,
    stage: settings.STAGE,
    dataDir: settings.DATA_DIR,
    milliseconds: Math.round(performance.now()),
    ...(await demoUsersOf(system, hasDemo)),
    secretKey: system.aws.getSecret(tencentSecretName(settings)),
    callbackKey: system.aws.getSecret(callbackSecretName(settings)),
    network: networkOf(system, settings),
    hasKeys,
  };
  if (json || settings.LOG === "json") {
    const ready = { timestamp: new Date().toISOString(), level: "INFO", message: "ready" };
    // A log has no tokens; `--json` is for programs that use them.
    const users = json ? facts.users : facts.users.map(({ token: _, ...user }) => user);
    console.log(JSON.stringify({ ...ready, ...describeStart(facts), users }));
  } else {
    const [address] = facts.network?.urls ?? [];
    if (address !== undefined && process.stdout.isTTY) await printCode(address, facts);
    printBlock(facts);
  }
  return facts;
}

/** Prints a QR code of Studio's URL, with the key that allows signing in from a phone. */
async function printCode(address: string, { network }: StartFacts): Promise<void> {
  // Loaded on demand: most starts have no network.
  const { renderUnicodeCompact } = await import("uqr");
  console.log(`${renderUnicodeCompact(phoneUrlOf(address, network?.localKey ?? ""))}\n`);
}

/** The QR code's URL. Studio reads the key from the fragment, which is not sent to servers. */
const phoneUrlOf = (address: string, localKey: string) => `${address}/#key=${localKey}`;

/** Prints the block, in colour if the terminal supports it and NO_COLOR is not set. */
export function printBlock(facts: StartFacts): void {
  const [title = "", ...lines] = formatStartBlock(facts).split("\n");
  console.log([styleText("bold", title), ...lines.map(colourLabelled)].join("\n"));
}

/** Colours the addresses of a labelled line; lines to paste stay plain. */
const colourLabelled = (line: string) =>
  line.startsWith("  ") ? line.replace(/\w+:\/\/\S+/g, (url) => styleText("cyan", url)) : line;

/** The stage's secret for Tencent's signatures and for the key of its callbacks. */
const tencentSecretName = ({ STAGE }: Settings) => `ovation/${STAGE}/tencent`;
const callbackSecretName = ({ STAGE }: Settings) => `ovation/${STAGE}/tencent-callback`;

/** Values of secrets from the settings, by name; the others are generated. */
export function secretsOf(settings: Settings): Record<string, string> {
  const { TENCENT_SECRET_KEY: application, TENCENT_CALLBACK_KEY: callback } = settings;
  return {
    ...(application && { [tencentSecretName(settings)]: application }),
    ...(callback && { [callbackSecretName(settings)]: callback }),
  };
}

function networkOf(system: System, { HOST }: Settings): StartFacts["network"] {
  if (HOST.startsWith("127.") || HOST === "::1") return undefined;
  const { port } = new URL(system.url);
  const urls = reachableHosts(HOST).map((host) => `http://${host}:${port}`);
  return { urls, localKey: system.localKey };
}
