/**
 * `npm run warm`: makes what the first start of a stage would make (bundles, templates,
 * pages), for a place where nothing can be written later, such as an image.
 */
import { buildAssembly } from "./assembly.ts";
import { buildWeb } from "./build-web.ts";

const [stage = "dev"] = process.argv.slice(2);
console.log(await buildAssembly(stage, new AbortController().signal));
console.log(await buildWeb());
// The hold on the assembly is a running system's.
process.exit(0);
