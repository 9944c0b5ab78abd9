import { describe, expect, test } from "@jest/globals";
import { type Source, sourcesOf } from "./sources.ts";

/** Names that a folder may import besides itself; folders end with `/`. */
type Rule = { may: readonly RegExp[]; never?: readonly RegExp[] };

const node = /^node:/;
const library = /^(@?[a-z])/;
const sdk = /^@aws-sdk\//;
const zod = /^zod$/;
const folders = /^(bin|client|domain|functions|lib|local|platform|relay|test|web)\//;
/** Whether it is a library: our own files are resolved to paths. */
const isLibrary = (name: string) => library.test(name) && !folders.test(name) && !node.test(name);

/** The rules of docs/architecture.md: which folders may import which. */
const rules: Record<string, Rule> = {
  domain: { may: [/^domain\//, zod] },
  platform: { may: [/^platform\//, /^domain\//, node, { test: isLibrary } as RegExp] },
  functions: {
    may: [/^functions\//, /^platform\//, /^domain\//, zod, /^docs\/\w+\.json$/, /^aws-lambda$/],
  },
  lib: {
    may: [
      /^lib\//,
      /^functions\/index\.ts$/,
      /^platform\/(auth\/(authorizer|caller)|runtime\/(env|metrics))\.ts$/,
      /^platform\/lambda\/(grants|consumer|task|trigger)\.ts$/,
      /^platform\/\w+\/(contract|cors|envelope|openapi)\.ts$/,
      // The chart of keys is no store: it says how keys begin, and of which kinds.
      /^platform\/table\/keys\.ts$/,
      // The relay's command names its bundle by its hash, and brings the program that gets it.
      /^node:(path|fs|crypto)$/,
      /^aws-cdk-lib(\/|$)/,
      /^constructs$/,
      /^cdk-nag$/,
    ],
  },
  // A gateway for the routes of the WebSocket API only.
  relay: {
    may: [
      /^relay\//,
      /^functions\/(log\/realtime\/\w+|people\/auth\/socket)\.ts$/,
      /^platform\//,
      /^domain\//,
      node,
      /^(ws|zod|aws-lambda)$/,
    ],
  },
  local: { may: [/^local\//, node, { test: isLibrary } as RegExp] },
  client: { may: [/^client\//, /^docs\/\w+\.json$/, { test: isLibrary } as RegExp], never: [node] },
  // Only what a browser is given; of our code the published client alone, by its entries, and
  // what writes a schema as a type, for the reference.
  web: {
    may: [
      /^web\//,
      /^client\/(clock|index|polling)\.ts$/,
      /^bin\/documents\/schema-types\.ts$/,
      /^preact(\/|$)/,
      /^@preact\/signals$/,
      /^icon:/,
      /^uplot$/,
    ],
  },
};

function strangers({ folder, imports }: Source): string[] {
  const { may, never = [] } = rules[folder]!;
  return imports.filter(
    (name) => !may.some((rule) => rule.test(name)) || never.some((rule) => rule.test(name)),
  );
}

describe.each(Object.keys(rules))("the folder %s", (folder) => {
  const sources = sourcesOf(folder);

  test("imports only what it may", () => {
    const found = sources.flatMap((source) =>
      strangers(source).map((name) => `${source.path} imports ${name}`),
    );
    expect(found).toEqual([]);
  });

  test("is there", () => {
    expect(sources.length).toBeGreaterThan(0);
  });
});

test("the rules catch planted violations", () => {
  const planted = (folder: string, name: string) =>
    strangers({ path: `${folder}/x.ts`, folder, text: "", lines: [], imports: [name] });
  for (const [folder, name] of [
    ["domain", "node:crypto"],
    ["domain", "platform/runtime/log.ts"],
    ["functions", "@aws-sdk/lib-dynamodb"],
    ["functions", "lib/stages/stages.ts"],
    ["platform", "functions/index.ts"],
    ["platform", "local/model.ts"],
    ["lib", "platform/table/table.ts"],
    ["lib", "@aws-sdk/client-dynamodb"],
    ["relay", "functions/money/gifts/create.ts"],
    ["relay", "local/model.ts"],
    ["local", "domain/money/gift.ts"],
    ["local", "relay/room.ts"],
    ["local", "lib/stages/stages.ts"],
    ["client", "node:http"],
    ["web", "client/follower.ts"],
    ["web", "domain/money/gift.ts"],
    ["web", "zod"],
  ] as const)
    expect(planted(folder, name)).toEqual([name]);
});

test("functions and domain never import the AWS SDK", () => {
  const found = sourcesOf("functions", "domain").filter(({ imports }) =>
    imports.some((name) => sdk.test(name)),
  );
  expect(found.map(({ path }) => path)).toEqual([]);
});

test("black-box tests import nothing from the code under test", () => {
  const found = sourcesOf("test/api").flatMap(({ path, imports }) =>
    imports
      .filter((name) => /^(domain|functions|lib|local|platform)\//.test(name))
      .map((name) => `${path} imports ${name}`),
  );
  expect(found).toEqual([]);
});
