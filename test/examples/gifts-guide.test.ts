/** The commands of the gifts guide, run in order in one shell. */
import { sharedSystem } from "../shared.ts";
import { pastedBlocks } from "./guides.ts";
import { pasteInto } from "./paste.ts";

const testMilliseconds = 180_000;

let system: Awaited<ReturnType<typeof sharedSystem>>;
beforeAll(async () => {
  system = await sharedSystem();
}, testMilliseconds);

test(
  "the guide's balance goes from 100 to 90, back to 100 and to 40, as written",
  () => {
    const commands = pastedBlocks("docs/gifts.md").map(({ text }) => text);
    const answers = pasteInto(system, commands.join(""))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const seen = answers.map(({ statusCode, data, errors }) => [
      statusCode,
      data?.balance ?? data?.list?.length ?? errors[1] ?? "",
    ]);
    expect(seen).toEqual([
      [201, 100],
      [409, "reference: receipt-1 was used before"],
      [200, 100],
      [201, ""],
      [201, ""],
      [200, 90],
      [409, "expectedPrice: the price is 10, not 5"],
      [200, 90],
      [200, ""],
      [201, 40],
      [200, 40],
      [200, 4],
    ]);
    expect(answers[4].data.id).toBe(answers[3].data.id);
  },
  testMilliseconds,
);
