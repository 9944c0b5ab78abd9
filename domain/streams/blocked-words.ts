import { type Reading, readingsOf, wordReadings } from "../look-alikes.ts";
import { decomposedPerCharacter } from "../text.ts";

/** The longest blocked word, in code points. */
export const wordLengthMax = 50;

/**
 * The characters of a word that count: all characters of a new word, the beginning of an older word
 * that is longer. After decomposition a letter is one character or, like `ß`, two.
 */
const placesMax = wordLengthMax * (decomposedPerCharacter + 1);

/**
 * The most nodes of cached automata, about 100 bytes each: ten of the worst lists, which take about
 * 10 ms to build, or a few hundred ordinary ones, which take half a millisecond.
 */
const nodesMax = 300_000;
const kept = new Map<string, WordAutomaton>();
let nodesKept = 0;

/** The automaton of a list of words, cached while the list is among the most recently used. */
function automatonFor(words: readonly string[]): WordAutomaton {
  const key = words.join("\0");
  const known = kept.get(key);
  const automaton =
    known ?? automatonOf(words.map((word) => wordReadings(word).slice(0, placesMax)));
  if (known === undefined) nodesKept += automaton.ended.length;
  kept.delete(key);
  kept.set(key, automaton);
  for (const [oldest, { ended }] of kept) {
    if (nodesKept <= nodesMax) break;
    kept.delete(oldest);
    nodesKept -= ended.length;
  }
  return automaton;
}

/**
 * The first blocked word in a text, as a whole word or as a part, as a person reads it: case,
 * width, accents, invisible characters and look-alike letters do not hide it. Undefined if there is
 * none. The work grows with the text, not with the number of words.
 */
export function blockedWordIn(text: string, words: readonly string[]): string | undefined {
  if (words.length === 0 || text === "") return undefined;
  const { word } = search(automatonFor(words), readingsOf(text));
  return word === undefined ? undefined : words[word];
}

/**
 * The most steps that a search may take for each character of a text. A character with one reading
 * takes at most two; English in capitals takes two, Greek three to seven.
 */
export const stepsPerPlace = 32;

/** Words as one Aho-Corasick automaton whose input may have several readings of each character. */
export type WordAutomaton = {
  /** The symbols that a letter of a text may stand for. */
  symbolsOf: ReadonlyMap<string, readonly number[]>;
  /** The number of symbols: the edge from `node` by `symbol` is at `node * width + symbol`. */
  width: number;
  edges: ReadonlyMap<number, number>;
  /** By node: the longest suffix of its path that is also a node. */
  suffix: Int32Array;
  /** By node: the first word of the list that its path ends with; `none` if there is none. */
  ended: readonly number[];
  /** By node: the first word of the list that begins with its path; at the root, the first. */
  begun: readonly number[];
};

/** Larger than the index of any word. */
const none = 2 ** 31 - 1;

/** The result of a search: the index of the first word found, and the number of steps. */
export type Search = { word: number | undefined; steps: number };

/**
 * Builds the automaton of words, each given as its characters' readings. A letter with one Latin
 * reading becomes that reading, so a word is one path however its letters are disguised. An empty
 * word is never found.
 */
export function automatonOf(words: readonly (readonly Reading[])[]): WordAutomaton {
  const { symbolsOf, symbolAt, width } = alphabetOf(words);
  const edges = new Map<number, number>();
  const ended = [none];
  const begun = [0];
  /** By depth: the edges that lead to nodes of that depth, each with its node. */
  const levels: [edge: number, node: number][][] = [];
  for (const [index, places] of words.entries()) {
    let node = 0;
    for (const [depth, place] of places.entries()) {
      const edge = node * width + symbolAt(place);
      node = edges.get(edge) ?? ended.length;
      if (node < ended.length) continue;
      edges.set(edge, node);
      ended.push(none);
      begun.push(index);
      levels[depth] ??= [];
      levels[depth].push([edge, node]);
    }
    if (node !== 0) ended[node] = Math.min(wordAt(ended, node), index);
  }
  const suffix = new Int32Array(ended.length);
  const automaton = { symbolsOf, width, edges, suffix, ended, begun };
  for (const [edge, node] of levels.slice(1).flat()) {
    const shorter = suffixOf(automaton, Math.floor(edge / width));
    suffix[node] = follow(automaton, shorter, edge % width).node;
    ended[node] = Math.min(wordAt(ended, node), wordAt(ended, suffix[node]));
  }
  return automaton;
}

/** The word of a node in a list by node; `none` if there is none. */
const wordAt = (words: readonly number[], node: number) => words[node] ?? none;

/** The longest suffix of a node's path; the root is its own. */
const suffixOf = ({ suffix }: Pick<WordAutomaton, "suffix">, node: number) => suffix[node] ?? 0;

/** Each symbol of the words by a number, and the letters that may stand for it in a text. */
function alphabetOf(words: readonly (readonly Reading[])[]) {
  const numbers = new Map<string, number>();
  const symbolsOf = new Map<string, number[]>();
  // A letter with several Latin readings stays a separate symbol, which matches each of them.
  const symbolIn = (place: Reading) => (place.length === 2 ? place[1]! : place[0]!);
  for (const place of words.flat()) {
    const symbol = symbolIn(place);
    if (numbers.has(symbol)) continue;
    const number = numbers.size;
    numbers.set(symbol, number);
    for (const letter of place.length === 2 ? [symbol] : place)
      symbolsOf.set(letter, [...(symbolsOf.get(letter) ?? []), number]);
  }
  const symbolAt = (place: Reading) => numbers.get(symbolIn(place))!;
  return { symbolsOf, symbolAt, width: numbers.size };
}

/** The node that a symbol leads to: the longest path with which the text read so far ends. */
function follow(automaton: WordAutomaton, from: number, symbol: number) {
  const { edges, width } = automaton;
  let at = from;
  for (let steps = 1; ; steps++) {
    const node = edges.get(at * width + symbol);
    if (node !== undefined || at === 0) return { node: node ?? 0, steps };
    at = suffixOf(automaton, at);
  }
}

/**
 * Searches a text, in at most `stepsPerPlace` steps for each of its characters, whatever the number
 * of words. If that is not enough, the text is so ambiguous that it counts as blocked.
 */
export function search(automaton: WordAutomaton, text: readonly Reading[]): Search {
  const stepsMax = text.length * stepsPerPlace;
  let word = none;
  let steps = 0;
  let nodes = new Set([0]);
  for (const place of text) {
    const symbols = new Set(place.flatMap((letter) => automaton.symbolsOf.get(letter) ?? []));
    const next = new Set<number>();
    for (const from of nodes)
      for (const symbol of symbols) {
        if (steps >= stepsMax) return { word: Math.min(word, firstBegun(automaton, nodes)), steps };
        const reached = follow(automaton, from, symbol);
        steps += reached.steps;
        word = Math.min(word, wordAt(automaton.ended, reached.node));
        next.add(reached.node);
      }
    // What can be found from a node's suffix is found from the node, too: the suffix is dropped.
    for (const node of next) next.delete(suffixOf(automaton, node));
    nodes = next.size === 0 ? new Set([0]) : next;
  }
  return { word: word === none ? undefined : word, steps };
}

const firstBegun = ({ begun }: WordAutomaton, nodes: ReadonlySet<number>) =>
  Math.min(...[...nodes].map((node) => wordAt(begun, node)));
