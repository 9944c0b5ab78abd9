import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

test("the client is under 6 KB for a browser", async () => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../../client/index.ts")],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
  });
  expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).toBeLessThan(6 * 1024);
});
