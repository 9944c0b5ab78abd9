/**
 * Preloaded by a program's tests: `cdk`, which would call AWS by itself, only notes its arguments,
 * one line a call, in the file CDK_ASKED.
 */
import { appendFileSync } from "node:fs";

if (/aws-cdk[\\/]bin[\\/]cdk$/.test(process.argv[1] ?? "")) {
  appendFileSync(process.env.CDK_ASKED!, `${JSON.stringify(process.argv.slice(2))}\n`);
  process.exit(0);
}
