/** Serves what test files share (shared.ts): systems, browsers and a synthesizer. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { BrowserServer } from "playwright-core";
import { type System, startSystem } from "./system.ts";

export type Shared = {
  /** The URL for test files, in the variable `SHARED_URL`. */
  url: string;
  /** Stops all systems and browsers. Throws if a function lacked a grant. */
  close(): Promise<void>;
};

/** Host names of pages in tests, besides 127.0.0.1. */
const hostRules = ["ovation.test", "lan.test"].map((name) => `MAP ${name} 127.0.0.1`).join(",");

/**
 * Features that Chromium does not need here. It obeys only the last such list on its command line,
 * so this one repeats Playwright's. The address bar's two pages and a spare process took as much
 * CPU as the page under test.
 */
const disabledFeatures = [
  "AimEnabled",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsFirstBalancedModeAutoEnable",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "NetworkTimeServiceQuerying",
  "OptimizationHints",
  "PaintHolding",
  "PreconnectToSearch",
  "SpareRendererForSitePerProcess",
  "TcpPortRandomizationWin",
  "ThirdPartyStoragePartitioning",
  "WebUIOmniboxAimPopup",
  "WebUIOmniboxPopup",
];

/**
 * Serves `GET /system/<name>`, answered with `{url, dataDir}`, `GET /browser/<name>`, answered with
 * `{endpoint}` for Playwright, and `GET /synthesizer/<hash of the sources>`, answered with `{url}`.
 * It runs in the process that runs jest, so what it started outlives test files, workers and runs
 * of jest, and ends with the command. `env` is for its systems.
 */
export async function openShared(env: Record<string, string>): Promise<Shared> {
  const systems = new Map<string, Promise<System>>();
  const browsers = new Map<string, Promise<BrowserServer>>();
  const synthesizers = new Map<string, Promise<Synthesizer>>();
  let first: Promise<System> | undefined;
  /** The first system builds the assembly and the pages; the others wait, and reuse them. */
  const start = async () => {
    if (first === undefined) {
      first = startSystem({ env });
      return first;
    }
    await Promise.allSettled([first]);
    return startSystem({ env });
  };
  const endSynthesizers = (except?: string) =>
    [...synthesizers].map(async ([name, started]) => {
      if (name === except || !synthesizers.delete(name)) return;
      const { process } = await started;
      process.kill();
      await once(process, "exit");
    });
  const find = {
    async system(name: string) {
      const { url, dataDir } = await getOnce(systems, name, start);
      return { url, dataDir };
    },
    async browser(name: string) {
      // Software GPU rendering would take a fifth of the time of page tests.
      const args = [
        `--host-resolver-rules=${hostRules}`,
        "--disable-gpu",
        `--disable-features=${disabledFeatures.join(",")}`,
      ];
      const open = async () => {
        // Loaded on demand, because it is large.
        const { chromium } = await import("playwright-core");
        const { findBrowser } = await import("../bin/test/browser.ts");
        return chromium.launchServer({ executablePath: findBrowser()!, args });
      };
      return { endpoint: (await getOnce(browsers, name, open)).wsEndpoint() };
    },
    async synthesizer(name: string) {
      // `--watch` does not need earlier sources any more.
      await Promise.allSettled(endSynthesizers(name));
      const { url } = await getOnce(synthesizers, name, startSynthesizer);
      return { url };
    },
  };
  const server = createServer(async (request, response) => {
    // A test that blocks its process would reuse a connection that has timed out.
    response.setHeader("connection", "close");
    const [kind, name] = request.url!.slice(1).split("/") as [keyof typeof find, string];
    try {
      response.end(JSON.stringify(await find[kind](name)));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      const ends = [...systems.values()].map(async (started) => {
        const system = await started;
        await system.stop();
        return refusalsIn(system.output());
      });
      const closes = [...browsers.values()].map(async (browser) => (await browser).close());
      // The test that requested it has received the error.
      await Promise.allSettled([...ends, ...closes, ...endSynthesizers()]);
      const outputs = await Promise.allSettled(ends);
      const refused = outputs.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
      if (refused.length > 0) throw new Error(refused.join("\n"));
    },
  };
}

/** Refusals of access. A test may not notice one: a queue repeats a message that failed. */
const refusalsIn = (output: string) => output.match(/AccessDenied: .*/g) ?? [];

type Synthesizer = { url: string; process: ChildProcess };

/** Starts the process that loads CDK. */
async function startSynthesizer(): Promise<Synthesizer> {
  const process = fork(join(import.meta.dirname, "cloud/synthesizer.ts"), {
    execArgv: ["--no-warnings"],
  });
  const ended = once(process, "exit").then(() => {
    throw new Error("CDK could not be loaded");
  });
  const [url] = await Promise.race([once(process, "message"), ended]);
  ended.catch(() => undefined);
  return { url, process };
}

/** Creates a shared object once per name; after a failure, the next request tries again. */
function getOnce<T>(
  made: Map<string, Promise<T>>,
  name: string,
  make: () => Promise<T>,
): Promise<T> {
  const found = made.get(name) ?? make();
  made.set(name, found);
  found.catch(() => made.delete(name));
  return found;
}
