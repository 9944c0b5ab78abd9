/**
 * `npm run warm`: builds in advance what the first start would build (bundles, templates, pages),
 * for read-only places such as an image.
 */
import { buildAssembly } from "./assembly.ts";
import { buildWeb } from "./build-web.ts";

const [stage = "dev"] = process.argv.slice(2);
console.log(await buildAssembly(stage, new AbortController().signal));
console.log(await buildWeb());
// Ends without the timer that keeps the assembly, which is meant for a running system.
process.exit(0);
