import fc from "fast-check";
import { type Reading, readingsOf, wordReadings } from "../../domain/look-alikes.ts";
import { ProfileChange } from "../../domain/people/profile-change.ts";
import { searchPrefixOf, textsOf } from "../../domain/people/search.ts";
import { profileOf } from "../../domain/people/user.ts";
import {
  automatonOf,
  blockedWordIn,
  search,
  stepsPerPlace,
  wordLengthMax,
} from "../../domain/streams/blocked-words.ts";
import { Content } from "../../domain/streams/chat.ts";
import { ChatSettingsChange } from "../../domain/streams/chat-settings.ts";
import { channelNameOf, NewStream } from "../../domain/streams/new-stream.ts";
import { decomposedPerCharacter, folded } from "../../domain/text.ts";

const codePoints = (value: string) => [...value].length;
const decomposedLength = (value: string) => codePoints(value.normalize("NFKD"));

/** The rule itself, place by place: a word is where each of its letters may be read. */
function wordByPlaces(text: string, words: readonly string[]): string | undefined {
  const places = readingsOf(text);
  const isAt = (word: readonly Reading[], start: number) =>
    word.every((place, at) => place.some((letter) => places[start + at]?.includes(letter)));
  return words.find((value) => {
    const word = wordReadings(value);
    return word.length > 0 && places.some((_, start) => isAt(word, start));
  });
}

const searched = (text: string, words: readonly string[]) =>
  search(automatonOf(words.map(wordReadings)), readingsOf(text));

/** The code points that fold to the most characters, and those that take the most UTF-16 units. */
const expansions = (() => {
  const found: { char: string; length: number }[] = [];
  for (let point = 0x20; point <= 0x10ffff; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const char = String.fromCodePoint(point);
    const length = Math.max(codePoints(folded(char)), decomposedLength(char));
    if (length > 3) found.push({ char, length });
  }
  return found.sort((a, b) => b.length - a.length);
})();
const worst = expansions[0]!.char;
const prose = "what a goal, greetings from the other side of the sea ".repeat(10).slice(0, 500);

describe("the word filter", () => {
  test.each([
    ["few letters with several readings", [..."ilIL1|!ao0 "]],
    ["Greek and Latin ones that look alike", [..."μνηυλmnuvyhι"]],
    ["Cyrillic, digits and signs", [..."сcукa4@6gbвß "]],
  ])("finds the same words as a search at each position, in %s", (_, letters) => {
    const written = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength });
    fc.assert(
      fc.property(written(12), fc.array(written(4), { maxLength: 6 }), (text, words) => {
        expect(blockedWordIn(text, words)).toBe(wordByPlaces(text, words));
      }),
      { numRuns: 2_000 },
    );
  });

  test("takes steps by the length of the text, not by the number of its words", () => {
    const lists = [1, 10, 200].map((count) =>
      Array.from({ length: count }, (_, n) => `${prose.slice(0, 40)}${n}`),
    );
    for (const words of lists) {
      const { word, steps } = searched(prose, words);
      expect(word).toBeUndefined();
      expect(steps).toBeGreaterThan(prose.length / 2);
      expect(steps).toBeLessThanOrEqual(2 * prose.length);
    }
  });

  test("takes at most two steps per character in the worst text of Unicode", () => {
    const words = Array.from({ length: 200 }, (_, n) => `${worst.repeat(8)}${n}`);
    for (const char of [worst, "각", "ß", "㎯"]) {
      const text = char.repeat(500);
      const { word, steps } = searched(text, words);
      expect(word).toBeUndefined();
      expect(steps).toBeLessThanOrEqual(2 * readingsOf(text).length);
    }
  });

  test("blocks a text with too many readings, and ends", () => {
    const words = Array.from({ length: 200 }, (_, n) =>
      Array.from({ length: 50 }, (_, at) => ((((n + 3) * (at + 7) * 40_503) >> 5) % 2 ? "i" : "l")),
    ).map((letters) => letters.join(""));
    const text = `a${"1".repeat(499)}`;
    const { word, steps } = searched(text, words);
    expect(word).toBeDefined();
    expect(steps).toBeLessThan((stepsPerPlace + 1) * text.length);
  });

  test.each([
    ["English in capitals", "KILL BILL WILL ILL-TREAT ALL OF ILLINOIS, 1I1 ILL 11l "],
    ["Greek", "ΜΗΝ ΜΟΥ ΛΕΣ ΝΑ ΜΗΝ ΥΜΝΗΣΩ ΤΗΝ ΥΠΟΜΟΝΗ ΜΟΥ, νύμφη μνήμη νυν "],
  ])("needs at most half of the permitted steps for %s", (_, text) => {
    const words = [
      ...["illegal", "illicit", "killer", "lil", "lilith", "still", "silly", "idiot", "villain"],
      ...["μνηστη", "νυμφιος", "μηνυμα", "υμνωδια", "μουνη", "νυνι", "μνημα", "ηνυ", "λεσβια"],
    ];
    const { steps } = searched(text.repeat(8), words);
    expect(steps).toBeLessThan((readingsOf(text.repeat(8)).length * stepsPerPlace) / 2);
  });

  test("finds the words of more streams than it caches automata for", () => {
    const listOf = (stream: number) =>
      Array.from({ length: 200 }, (_, n) => `${"각".repeat(46)}${1_000 * stream + n}`);
    const lists = Array.from({ length: 15 }, (_, stream) => listOf(stream + 1));
    for (let round = 0; round < 2; round++)
      for (const [stream, words] of lists.entries()) {
        expect(blockedWordIn(`so ${words[150]}`, words)).toBe(words[150]);
        expect(blockedWordIn(`so ${lists.at(stream - 1)![150]}`, words)).toBeUndefined();
      }
  });

  test("uses the beginning of words that were set before decomposed lengths had a limit", () => {
    const word = worst.repeat(wordLengthMax);
    expect(blockedWordIn(`so ${worst.repeat(wordLengthMax)}`, ["nice", word])).toBe(word);
    expect(blockedWordIn(prose, ["nice", word])).toBeUndefined();
  });
});

describe("the worst expansions of Unicode", () => {
  test("are the ones that these tests expect", () => {
    expect(expansions[0]).toEqual({ char: "\ufdfa", length: 18 });
    expect(expansions.length).toBeGreaterThan(50);
  });

  const someText = (max: number) =>
    fc
      .array(fc.constantFrom(...expansions.map(({ char }) => char), "a", "각", "ß", "\u0301"), {
        minLength: 1,
        maxLength: 8,
      })
      .map((chars) => chars.join("").repeat(max).trim())
      .map((text) => [...text].slice(0, max).join(""));

  test.each([
    [
      "a blocked word",
      wordLengthMax,
      (value: string) => ChatSettingsChange.safeParse({ blockedWords: [value] }).success,
    ],
    ["a name", 100, (name: string) => ProfileChange.safeParse({ name }).success],
  ])("%s is refused exactly where it decomposes to more than three for each", (_, max, isTaken) => {
    fc.assert(
      fc.property(someText(max), (value) => {
        const length = decomposedLength(value);
        expect(isTaken(value)).toBe(length <= max * decomposedPerCharacter);
        // Beyond decomposition a letter is at most two, and only one that was a letter by itself.
        expect(readingsOf(value).length).toBeLessThanOrEqual(length + max);
      }),
      { numRuns: 200 },
    );
    for (const char of ["각", "ß", "é", "字", "🎉"]) expect(isTaken(char.repeat(max))).toBe(true);
  });

  test.each([
    ["a message", 500, Content],
    ["a title", 200, NewStream.shape.title],
  ] as const)("%s of as many characters as its limit allows is kept as sent", (_, max, Text) => {
    fc.assert(
      fc.property(someText(max), (value) => {
        expect(Text.parse(value)).toBe(value);
      }),
      { numRuns: 200 },
    );
  });

  test("a claimed name is cut to its limit", () => {
    fc.assert(
      fc.property(someText(200), (given_name) => {
        const { name } = profileOf("user", { given_name }, new Date());
        expect(name).not.toBe("");
        expect(decomposedLength(name)).toBeLessThanOrEqual(100 * decomposedPerCharacter);
      }),
      { numRuns: 200 },
    );
    const { name } = profileOf("user", { given_name: "각".repeat(101) }, new Date());
    expect(name).toBe("각".repeat(100));
  });

  test("text derived from a text is at most as long as its own limit", () => {
    fc.assert(
      fc.property(someText(100), (value) => {
        for (const text of textsOf({ username: "", name: value, surname: value }))
          expect([...text].length).toBeLessThanOrEqual(60);
        expect([...(searchPrefixOf(value) ?? "")].length).toBeLessThanOrEqual(60);
        expect(channelNameOf(value, "64d15f9e2e6c8f4d5a123456").length).toBeLessThanOrEqual(45);
        // Folding what is folded changes nothing, so an index and a question agree.
        expect(folded(folded(value))).toBe(folded(value));
      }),
      { numRuns: 200 },
    );
  });
});
