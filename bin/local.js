/**
 * `npm start`: the whole system on one machine, until SIGINT or SIGTERM. It is plain JavaScript, so
 * that nothing is stripped of types where nothing has changed: the module that does it takes longer
 * than this file and all behind it. What it needs is checked by then (installed.cjs).
 */
import "./installed.cjs";
import v8 from "node:v8";

// Until the run has its own way to end there is nothing to end but this process. The listeners
// stay: a signal that came while the modules are loaded would be lost with them.
let end = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end());

// The command gives this thread's heap a small young generation (package.json). That would hold for
// the threads of functions too, which have limits of their own.
v8.setFlagsFromString("--max-semi-space-size=0");

// Loaded only now: what they are compiled to is kept.
const { runLocal } = await import("./start/run-local.ts");
await runLocal((other) => {
  end = other;
});
