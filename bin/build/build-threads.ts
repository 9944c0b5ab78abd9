import { copyFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Metafile } from "esbuild";
import { lambdaBundle } from "./lambda-bundle.ts";

/** The thread that decodes pictures, and the module that starts it from its own folder. */
const thread = {
  source: "platform/pictures/resize-worker.ts",
  startedBy: "platform/pictures/resize.ts",
  file: "resize-worker.cjs",
  codec: { from: "@cf-wasm/photon/photon.wasm", file: "photon.wasm" },
};

/**
 * Bundles the thread into the folders of the bundles that may start it, with its codec. These are
 * separate files, so that cold starts do not load them.
 */
export async function bundleThreads(root: string, outputs: Metafile["outputs"]): Promise<void> {
  const bundles = Object.entries(outputs)
    .filter(([file, { inputs }]) => file.endsWith(".cjs") && thread.startedBy in inputs)
    .map(([file]) => file);
  if (bundles.length === 0) return;
  const { build: bundle } = await import("esbuild");
  const { outputFiles } = await bundle({
    absWorkingDir: root,
    entryPoints: [thread.source],
    outfile: thread.file,
    ...lambdaBundle,
    write: false,
    logLevel: "warning",
  });
  const codec = createRequire(import.meta.filename).resolve(thread.codec.from);
  for (const file of bundles) {
    for (const { contents } of outputFiles)
      writeFileSync(join(root, dirname(file), thread.file), contents);
    copyFileSync(codec, join(root, dirname(file), thread.codec.file));
  }
}
