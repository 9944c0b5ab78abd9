import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { type Source, sourcesOf } from "./sources.ts";

type Rules = {
  wings: Record<string, { holds: string; imports: string[] }>;
  exceptions: Record<string, { imports: string; reason: string }>;
};

/** The rules, which docs/architecture.md shows as tables. */
const { wings, exceptions } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../docs/rooms.json"), "utf8"),
) as Rules;

const rooms = ["bin", "client", "domain", "functions", "lib", "local", "platform", "relay", "web"];
const sources = sourcesOf(...rooms);

/** `platform/store/money/gifts.ts` → `platform/store/money`; a file of the room itself → `platform`. */
function wingOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, folders[1] === "store" ? 3 : 2).join("/");
}

/** The other wings that a source imports from. */
const wingsIn = ({ path, imports }: Pick<Source, "path" | "imports">) =>
  imports
    .filter((name) => rooms.includes(name.split("/")[0] ?? ""))
    .filter((name) => wingOf(name) !== wingOf(path));

/** The imports of a source that its wing does not allow. */
function violations(source: Pick<Source, "path" | "imports">): string[] {
  const may = wings[wingOf(source.path)]?.imports ?? [];
  return wingsIn(source).filter((name) => !may.includes(wingOf(name)));
}

test("a file imports only from the wings that its own wing may import", () => {
  const found = sources.flatMap((source) =>
    violations(source)
      .filter((name) => !new RegExp(exceptions[source.path]?.imports ?? "^$").test(name))
      .map((name) => `${source.path} imports ${name}`),
  );
  expect(found).toEqual([]);
});

test("every folder has a rule, and every rule and exception is used", () => {
  const folders = new Set(sources.map(({ path }) => wingOf(path)));
  expect(Object.keys(wings).sort()).toEqual([...folders].sort());
  const imported = new Set(
    sources.flatMap((source) =>
      wingsIn(source).map((name) => `${wingOf(source.path)} imports ${wingOf(name)}`),
    ),
  );
  const allowed = Object.entries(wings).flatMap(([wing, { imports }]) =>
    imports.map((name) => `${wing} imports ${name}`),
  );
  expect(allowed.filter((rule) => !imported.has(rule))).toEqual([]);
  const idle = Object.entries(exceptions).filter(([path, exception]) => {
    const source = sources.find((one) => one.path === path);
    const found = source === undefined ? [] : violations(source);
    return !found.some((name) => new RegExp(exception.imports).test(name));
  });
  expect(idle).toEqual([]);
});

test("no wings import each other in a cycle", () => {
  const settled = new Set<string>();
  let left = Object.entries(wings);
  for (let size = -1; left.length !== size; ) {
    size = left.length;
    for (const [wing, { imports }] of left)
      if (imports.every((one) => settled.has(one))) settled.add(wing);
    left = left.filter(([wing]) => !settled.has(wing));
  }
  expect(left.map(([wing]) => wing)).toEqual([]);
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
