/**
 * `npm start`: the whole system on one machine, until SIGINT or SIGTERM. It is plain JavaScript,
 * because loading the module that strips types takes longer than this file and everything behind
 * it. The installation has been checked (installed.cjs).
 */
import "./installed.cjs";
import v8 from "node:v8";

// Until the run installs its own handler, only this process has to end. The listeners stay: a
// signal that arrives while modules load would be lost otherwise.
let end = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end());

// package.json gives this thread's heap a small young generation. Worker threads would inherit it,
// but they have limits of their own.
v8.setFlagsFromString("--max-semi-space-size=0");

// Loaded only now, so that the compile cache applies.
const { runLocal } = await import("./start/run-local.ts");
await runLocal((other) => {
  end = other;
});
