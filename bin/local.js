/**
 * `npm start`: the whole system on one machine, until SIGINT or SIGTERM. It is plain JavaScript, so
 * that an older Node.js can say what it lacks, and that nothing is stripped of types where nothing
 * has changed: the module that does it takes longer than this file and all behind it.
 */
import module from "node:module";
import { join } from "node:path";

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `Ovation runs on Node.js 24; this is ${process.version}. Use "npm start", which brings it.`,
  );
  process.exit(2);
}

// Until the run has its own way to end there is nothing to end but this process. The listeners
// stay: a signal that came while the modules are loaded would be lost with them.
let end = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end());

// What was stripped and compiled is kept: half of a start where nothing has changed.
module.enableCompileCache(join(import.meta.dirname, "..", ".cache", "compiled"));

// Loaded only now, since an older Node.js would stop in them with a message about syntax.
const { runLocal } = await import("./run-local.ts");
await runLocal((other) => {
  end = other;
});
