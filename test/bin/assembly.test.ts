/** `npm start` runs what is deployed, although it is built in another way. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { assemblySources, buildAssembly } from "../../bin/build/assembly.ts";
import { bundledEntries } from "../../bin/build/build.ts";
import { cdkCommand } from "../../bin/build/cdk.ts";
import { readSource, withForwardSlashes } from "../../bin/build/source-graph.ts";

const root = join(import.meta.dirname, "../..");
const deployed = mkdtempSync(join(tmpdir(), "ovation-assembly-"));
afterAll(() => rmSync(deployed, { recursive: true, force: true }));

type Resource = {
  Type: string;
  Properties: { FunctionName?: string };
  Metadata?: Record<string, string>;
};
type Template = { Resources: Record<string, Resource> };

/** Templates by file; asset names differ between assemblies. */
const templatesIn = (directory: string) =>
  Object.fromEntries(
    readdirSync(directory)
      .filter((file) => file.endsWith(".template.json"))
      .map((file) => {
        const text = readFileSync(join(directory, file), "utf8");
        return [file, JSON.parse(text.replace(/\b[0-9a-f]{64}\b/g, "HASH")) as Template];
      }),
  );

/** The code of each function in an assembly, by the function's name. */
function bundlesIn(directory: string): Record<string, string> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".template.json"));
  const resources = files.flatMap((file) => {
    const template = JSON.parse(readFileSync(join(directory, file), "utf8")) as Template;
    return Object.values(template.Resources);
  });
  return Object.fromEntries(
    resources.flatMap(({ Type, Properties, Metadata }) => {
      const folder = Metadata?.["aws:asset:path"];
      if (Type !== "AWS::Lambda::Function" || folder === undefined) return [];
      const bundle = readFileSync(join(directory, folder, "index.cjs"), "utf8");
      return [[Properties.FunctionName ?? folder, bundle]];
    }),
  );
}

test("npm start uses the same templates and bundles as `cdk synth`", async () => {
  const made = await buildAssembly("dev", new AbortController().signal);
  const options = ["-q", "--validation=false", "-c", "stage=dev", "-o", deployed];
  const { program, given, env } = cdkCommand("synth", options);
  const { status, stderr } = spawnSync(program, given, { cwd: root, env, encoding: "utf8" });
  expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });

  expect(templatesIn(made)).toEqual(templatesIn(deployed));
  const bundles = bundlesIn(deployed);
  expect(Object.keys(bundles).length).toBeGreaterThan(100);
  const others = Object.entries(bundlesIn(made)).filter(([name, text]) => bundles[name] !== text);
  expect(others.map(([name]) => name)).toEqual([]);
});

test("an assembly is rebuilt when any source of its bundles or templates has changed", () => {
  const known = new Set(assemblySources());
  const reached = new Set<string>();
  const reach = (file: string): void => {
    // A program that is written by another one has imports, too.
    if (reached.has(file) || !existsSync(join(root, file))) return;
    reached.add(file);
    for (const name of readSource(root, file).imports) reach(name);
  };
  const programs = ["bin/app.ts", "bin/build/build.ts", ...Object.values(bundledEntries())];
  const pages = globSync("web/docs/*.ts", { cwd: root }).map(withForwardSlashes);
  for (const file of [...programs, ...pages]) reach(file);
  expect(reached.size).toBeGreaterThan(500);
  expect([...reached].filter((file) => !known.has(file))).toEqual([]);
});
