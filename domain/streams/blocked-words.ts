import { folded } from "../folding.ts";
import { type Reading, readingsOf, spelled } from "../look-alikes.ts";

/**
 * The first of the words that a text holds, whole or in part, as a person reads it: case, width,
 * accents, invisible characters and look-alike letters do not hide it. Undefined where it holds
 * none.
 */
export function blockedWordIn(text: string, words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  const places = readingsOf(text);
  return words.find((word) => holds(places, [...folded(word)].flatMap(spelled)));
}

function holds(text: readonly Reading[], word: readonly Reading[]): boolean {
  if (word.length === 0) return false;
  for (let start = 0; start + word.length <= text.length; start++)
    if (word.every((place, at) => place.some((letter) => text[start + at]!.includes(letter))))
      return true;
  return false;
}
