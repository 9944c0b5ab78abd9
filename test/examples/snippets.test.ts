/** All code in the guides compiles against the current client. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Block, blocksOf, guides, readGuide } from "./guides.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, ".cache/snippets");
const testMilliseconds = 180_000;

/** Names that the guides assume: `any` marks the reader's own. */
const reader = `
declare const streamId: string, giftTypeId: string, STREAM_ID: string, GIFT_TYPE_ID: string;
declare const TOKEN: string, POOL: string, CLIENT: string, password: string, url: string;
declare const client: import("@ovation/client").Client;
declare const stream: ReturnType<typeof client.subscribe>;
declare function fetchToken(): Promise<string>;
declare function serviceToken(): Promise<string>;
declare function createClient(options: import("@ovation/client").Options): typeof client;
interface HTMLElementTagNameMap { "ovation-chat": any }
declare const show: any, reload: any, showEnd: any, exports: any;
declare module "aws-amplify";
declare module "aws-amplify/auth";
declare module "express" { const express: any; export default express; }
declare module "stripe" { const Stripe: any; export default Stripe; }
`;

const languages = ["js", "ts", "jsx", "tsx"];
/** Fields of a stage's row, which the text shows without the row. */
const isRow = ({ text }: Block) => /^(\/\/[^\n]*\n)?\w+: /.test(text);
const rowTypes =
  'import type { Row, Stage } from "../../lib/stages/stages.ts";\ndeclare const prod: Row["policy"];';
/** Blocks that are files are run by the test of their guide. */
const isRun = ({ name }: Block) => name.includes(".");

const settings = {
  extends: "../../tsconfig.json",
  compilerOptions: {
    module: "esnext",
    moduleResolution: "bundler",
    jsx: "react-jsx",
    types: ["node"],
    lib: ["es2024", "esnext.iterator", "dom", "dom.iterable"],
    erasableSyntaxOnly: false,
    // Written for readers, without types on every parameter.
    strict: false,
    exactOptionalPropertyTypes: false,
    noUncheckedIndexedAccess: false,
    paths: {
      "@ovation/client": ["../../client/index.ts"],
      "@ovation/client/react": ["../../client/react.ts"],
    },
  },
  include: ["."],
};

/** The code of all guides as modules, one per block, so that names do not clash. */
function writeSnippets(): string[] {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "reader.d.ts"), reader);
  return guides.flatMap((path) =>
    blocksOf(readGuide(path))
      .filter((block) => languages.includes(block.language) && !isRun(block))
      .map((block, at) => {
        const file = join(folder, `${path.replaceAll(/[/.]/g, "-")}-${at}.tsx`);
        const type = /^\w+: \{ policy/.test(block.text) ? "Record<string, Row>" : "Partial<Stage>";
        const row = `${rowTypes}\nexport const row: ${type} = {`;
        writeFileSync(
          file,
          isRow(block) ? `${row}\n${block.text}\n};\n` : `${block.text}\nexport {};\n`,
        );
        return file;
      }),
  );
}

/** Compiler errors in files of that folder; other errors are reported elsewhere. */
function compile(): string[] {
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, "-p", folder, "--pretty", "false"],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    },
  );
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => /^[\w-]+\.(tsx|d\.ts|json)?\(?|^error/.test(line));
}

test(
  "the code of the guides compiles, and an unknown field would not",
  () => {
    expect(writeSnippets().length).toBeGreaterThanOrEqual(12);
    writeFileSync(
      join(folder, "planted.tsx"),
      'await client.sendGift(streamId, giftTypeId, "key", { price: 1 });\nexport {};\n',
    );
    const said = compile();
    expect(said.filter((line) => !line.startsWith("planted"))).toEqual([]);
    expect(said.join("\n")).toMatch(/'price' does not exist/);
  },
  testMilliseconds,
);

test("JSON in the guides is valid", () => {
  const texts = guides
    .flatMap((path) => blocksOf(readGuide(path)))
    .filter(({ language }) => language === "json");
  expect(texts.length).toBeGreaterThan(0);
  for (const { text } of texts) expect(() => JSON.parse(text)).not.toThrow();
});
