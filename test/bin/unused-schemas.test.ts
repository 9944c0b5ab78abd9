import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, transform } from "esbuild";
import { dropUnusedSchemas, markPure } from "../../bin/build/unused-schemas.ts";

const root = join(import.meta.dirname, "../..");

/** Our own code in a bundle with these contents. */
async function bundleOf(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root, loader: "ts" },
    bundle: true,
    format: "esm",
    external: ["zod"],
    plugins: [dropUnusedSchemas],
    write: false,
  });
  return outputFiles[0]!.text;
}

test("a bundle contains the schemas that it uses, with their parts, and no others", async () => {
  const text = await bundleOf('export { UserSummary } from "./domain/people/user.ts";');
  for (const name of ["UserSummary", "ProfilePhoto", "UserId", "Timestamp"])
    expect(text).toContain(`var ${name} = `);
  for (const name of ["PublicProfile", "SuperlikeSnapshot", "StreamId", "httpsUrl"])
    expect(text).not.toContain(name);
});

test("constants without a call, or within a function, are unchanged", () => {
  const kept = `const a = 1;
const b = (x) => {
  const c = call(x);
  return c;
};
let d = call(1);
export const e = async (x) => x;
`;
  expect(markPure(kept)).toBe(kept);
  expect(markPure("const a = f((x) => {\n  g(x);\n}).h();\nconst b = 2;\n")).toBe(
    "const a = /* @__PURE__ */ (() => f((x) => {\n  g(x);\n}).h())();\nconst b = 2;\n",
  );
  // Types, a chain that begins in the next line, empty lines in it and behind it.
  const chain = "z\n  .f<C>((x) => {\n    g(x);\n\n    h(x);\n  })";
  expect(markPure(`const a: A<B> = ${chain};\n\nb();\n`)).toBe(
    `const a: A<B> = /* @__PURE__ */ (() => ${chain})();\n\nb();\n`,
  );
});

test("removing unused schemas leaves the behaviour of all modules unchanged", async () => {
  for (const path of globSync("{domain,platform}/**/*.ts", { cwd: root })) {
    const code = readFileSync(join(root, path), "utf8");
    const marked = markPure(code);
    const unmarked = marked.replace(
      /\/\* @__PURE__ \*\/ \(\(\) => ([\s\S]*?)\)\(\);\n(?!\n*[ \t)\]}])/g,
      "$1;\n",
    );
    expect({ path, code: unmarked }).toEqual({ path, code });
    await transform(marked, { loader: "ts" });
  }
});
