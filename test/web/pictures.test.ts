import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "../..");
const pictures = globSync("web/pictures/*.svg", { cwd: root }).sort();
const demo = readFileSync(join(root, "bin/start/demo-data.ts"), "utf8");

test("each gift of the demo has a picture, and each picture belongs to a gift", () => {
  const names = [...demo.matchAll(/giftId: "gift\d", name: "(\w+)"/g)].map(([, name]) => name!);
  expect(names).toHaveLength(8);
  const files = pictures.map((file) => basename(file, ".svg"));
  expect(files).toEqual(names.map((name) => name.toLowerCase()).sort());
});

test.each(pictures)("%s is small, of one size, and loads and runs nothing", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(3 * 1024);
  expect(text).toContain('viewBox="0 0 64 64"');
  expect(text.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|script|href|on\w+=/);
});

test.each(pictures)("%s moves for less than 1.6 s and ends where it began", (file) => {
  const text = readFileSync(join(root, file), "utf8");
  const moves = [...text.matchAll(/<animate\w*\b[^>]*>/g)].map(([move]) => move);
  expect(moves.length).toBeGreaterThan(0);
  for (const move of moves) {
    expect(Number(/dur="([\d.]+)s"/.exec(move)![1])).toBeLessThan(1.6);
    expect(move).not.toMatch(/repeatCount|begin=|fill="freeze"/);
    // The still form is the moving one without these elements, so each has to close itself.
    expect(move).toMatch(/\/>$/);
  }
});
