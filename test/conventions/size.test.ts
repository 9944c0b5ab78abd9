import { expect, test } from "@jest/globals";
import { parseSync } from "oxc-parser";
import { isGenerated, productFolders, type Source, sourcesOf } from "./sources.ts";

/** The most statements of a file of the product, of a test's file, and of a function. */
const max = { file: 200, testFile: 350, function: 70 };

type Size = { name: string; statements: number };

/** Blocks only group statements. */
const isStatement = (type: string) =>
  /Statement$|Declaration$/.test(type) && type !== "BlockStatement";

/**
 * Counts the statements and declarations of a source and of each of its functions, those of nested
 * functions included. Neither the layout nor the size of a literal changes the number: limits of
 * lines would make people pack them.
 */
function sizesOf({ path, text }: Pick<Source, "path" | "text">): { file: Size; functions: Size[] } {
  const { program, errors } = parseSync(path, text);
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  const functions: Size[] = [];
  const count = (node: unknown): number => {
    if (typeof node !== "object" || node === null) return 0;
    let statements = 0;
    for (const child of Object.values(node)) statements += count(child);
    const { type = "", start = 0 } = node as { type?: string; start?: number };
    if (/^(Arrow)?Function/.test(type)) {
      const line = text.slice(0, start).split("\n").length;
      functions.push({ name: `${path}:${line}`, statements });
    }
    return statements + Number(isStatement(type));
  };
  return { file: { name: path, statements: count(program) }, functions };
}

const above = (most: number) => (size: Size) => size.statements > most;

test("a file has at most 200 statements, a function 70, a test's file 350", () => {
  const sizes = sourcesOf(...productFolders)
    .filter((source) => !isGenerated(source))
    .map(sizesOf);
  expect(sizes.map(({ file }) => file).filter(above(max.file))).toEqual([]);
  expect(sizes.flatMap(({ functions }) => functions).filter(above(max.function))).toEqual([]);
  const tests = sourcesOf("test").map((source) => sizesOf(source).file);
  expect(tests.filter(above(max.testFile))).toEqual([]);
});

test("statements are counted in every layout, and literals of any length are one", () => {
  const ofCode = (text: string) => sizesOf({ path: "a.ts", text });
  const long =
    "function f(a) {\n  if (a) {\n    return 1;\n  }\n  return () => {\n    g();\n  };\n}\n";
  for (const text of [long, long.replace(/\s+/g, " ")]) {
    const { file, functions } = ofCode(text);
    expect(file.statements).toBe(5);
    expect(functions.map(({ statements }) => statements)).toEqual([1, 4]);
  }
  expect(ofCode(`const list = [${"{ a: 1 },\n".repeat(300)}];`).file.statements).toBe(1);
});

test("an endpoint has at most 40 lines, besides imports and the items of its lists", () => {
  // A list has a line for each refusal: counting them would make people pack the lines.
  const isItem = (line: string) => /^\s+"\w+",$|^import .* from |^} from "/.test(line);
  const lengths = sourcesOf("functions")
    .filter(({ path }) => path !== "functions/index.ts")
    .map(({ path, lines }) => ({ path, length: lines.filter((l) => !isItem(l)).length - 1 }));
  expect(lengths.filter(({ length }) => length > 40)).toEqual([]);
});
