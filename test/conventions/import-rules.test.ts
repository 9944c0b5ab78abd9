import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { productFolders, type Source, sourcesOf } from "./sources.ts";

type Rules = {
  subfolders: Record<string, { holds: string; imports: string[] }>;
  exceptions: Record<string, { imports: string; reason: string }>;
};

/** The rules, which docs/architecture.md shows as tables. */
const { subfolders, exceptions } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/import-rules.json"), "utf8"),
) as Rules;

const sources = sourcesOf(...productFolders);

/** `platform/store/money/gifts.ts` → `platform/store/money`; a file directly in it → `platform`. */
function folderOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, folders[1] === "store" ? 3 : 2).join("/");
}

/** The files in other subfolders that a source imports from. */
const outerImports = ({ path, imports }: Pick<Source, "path" | "imports">) =>
  imports
    .filter((name) => productFolders.includes(name.split("/")[0] ?? ""))
    .filter((name) => folderOf(name) !== folderOf(path));

/** The imports of a source that its folder does not allow. */
function violations(source: Pick<Source, "path" | "imports">): string[] {
  const may = subfolders[folderOf(source.path)]?.imports ?? [];
  return outerImports(source).filter((name) => !may.includes(folderOf(name)));
}

test("a file imports only from the subfolders that its own may import", () => {
  const found = sources.flatMap((source) =>
    violations(source)
      .filter((name) => !new RegExp(exceptions[source.path]?.imports ?? "^$").test(name))
      .map((name) => `${source.path} imports ${name}`),
  );
  expect(found).toEqual([]);
});

test("every folder has a rule, and every rule and exception is used", () => {
  const folders = new Set(sources.map(({ path }) => folderOf(path)));
  expect(Object.keys(subfolders).sort()).toEqual([...folders].sort());
  const imported = new Set(
    sources.flatMap((source) =>
      outerImports(source).map((name) => `${folderOf(source.path)} imports ${folderOf(name)}`),
    ),
  );
  const allowed = Object.entries(subfolders).flatMap(([folder, { imports }]) =>
    imports.map((name) => `${folder} imports ${name}`),
  );
  expect(allowed.filter((rule) => !imported.has(rule))).toEqual([]);
  const idle = Object.entries(exceptions).filter(([path, exception]) => {
    const source = sources.find((one) => one.path === path);
    const found = source === undefined ? [] : violations(source);
    return !found.some((name) => new RegExp(exception.imports).test(name));
  });
  expect(idle).toEqual([]);
});

test("no subfolders import each other in a cycle", () => {
  const settled = new Set<string>();
  let left = Object.entries(subfolders);
  for (let size = -1; left.length !== size; ) {
    size = left.length;
    for (const [folder, { imports }] of left)
      if (imports.every((one) => settled.has(one))) settled.add(folder);
    left = left.filter(([folder]) => !settled.has(folder));
  }
  expect(left.map(([folder]) => folder)).toEqual([]);
});

test.each([
  ["domain/people/user.ts", "domain/streams/stream.ts"],
  ["domain/money/gift.ts", "domain/log/event.ts"],
  ["domain/id.ts", "domain/people/user.ts"],
  ["platform/table/transact.ts", "platform/store/people/users.ts"],
  ["platform/store/people/users.ts", "platform/store/streams/streams.ts"],
  ["platform/store/streams/streams.ts", "platform/store/money/gifts.ts"],
  ["platform/store/streams/streams.ts", "domain/money/gift.ts"],
  ["platform/store/money/gifts.ts", "platform/push/gateway.ts"],
  ["platform/http/endpoint.ts", "platform/store/people/users.ts"],
  ["platform/runtime/env.ts", "platform/table/table.ts"],
  ["functions/people/users/get-me.ts", "platform/push/gateway.ts"],
  ["lib/data/data.ts", "lib/compute/site.ts"],
  ["bin/build/build.ts", "bin/start/run-local.ts"],
  ["web/chat/room.ts", "web/studio/index.tsx"],
  ["local/model.ts", "local/aws/index.ts"],
  ["local/gateway/rest.ts", "local/aws/iam.ts"],
  ["local/sources/queues.ts", "local/lambda/workers.ts"],
])("%s may not import %s", (path, name) => {
  expect(violations({ path, imports: [name] })).toEqual([name]);
});
