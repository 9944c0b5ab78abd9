/** A process that is only a relay, as a task on AWS is: runs its bundle on a port. */
import { createRequire } from "node:module";

type Bundle = { handler(order: object): Promise<unknown> };

const [file, port] = process.argv.slice(2) as [string, string];
const bundle: Bundle = createRequire(import.meta.url)(file);
await bundle.handler({ listen: { port: Number(port), host: "127.0.0.1" } });
console.log("ready");
