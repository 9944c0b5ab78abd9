import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withReadableStack } from "../../platform/runtime/log.ts";

const folder = mkdtempSync(join(tmpdir(), "ovation-map-"));
const bundle = join(folder, "index.cjs");

afterAll(() => rmSync(folder, { recursive: true }));

/** A map of one line, whose only place is the beginning of this source. */
const writeMap = (source: string) =>
  writeFileSync(
    `${bundle}.map`,
    JSON.stringify({ version: 3, sources: [source], names: [], mappings: "AAAA" }),
  );

function stackAt(file: string): string {
  const error = new Error("lost");
  error.stack = `Error: lost\n    at one (${file}:1:1)\n    at two (${file}:1:1)`;
  return withReadableStack(error).stack ?? "";
}

test("a bundle's map is read once for a storm of faults", () => {
  writeMap("../../relay/room.ts");
  expect(stackAt(bundle)).toContain("at one (relay/room.ts:1:1)\n    at two (relay/room.ts:1:1)");
  writeMap("../../relay/other.ts");
  expect(stackAt(bundle)).toContain("at one (relay/room.ts:1:1)");
});

test("a stack of a bundle without a map stays as it is", () => {
  const file = join(folder, "bare.cjs");
  expect(stackAt(file)).toContain(`at one (${file}:1:1)`);
});
