import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Bundles a published file of the client. */
async function built(name: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../client", name)],
    bundle: true,
    external: ["react"],
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  return outputFiles[0]!.contents;
}

test("the client is under 12 KB for a browser, gzipped", async () => {
  const { length } = gzipSync(await built("index.ts"), { level: 9 });
  console.log(`The client has ${length} bytes gzipped`);
  expect(length).toBeLessThan(12 * 1024);
});

test("the React hooks are under 1.5 KB, minified", async () => {
  const { length } = await built("react.ts");
  console.log(`The hooks have ${length} bytes`);
  expect(length).toBeLessThan(1.5 * 1024);
});
