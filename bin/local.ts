/** `npm start`: the whole system on one machine, until SIGINT or SIGTERM. */

const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `Ovation runs on Node.js 24; this is ${process.version}. Use "npm start", which brings it.`,
  );
  process.exit(2);
}

// Until the run has its own way to end there is nothing to end but this process.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));

// Loaded only now, since an older Node.js would stop in them with a message about syntax.
const { runLocal } = await import("./run-local.ts");
await runLocal();
