/** A word of an expression. */
export type Token = {
  kind: "name" | "#" | ":" | "number" | "symbol" | "end";
  text: string;
  at: number;
  end: number;
};

const pattern =
  /(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<hash>#[A-Za-z0-9_]+)|(?<colon>:[A-Za-z0-9_]+)|(?<number>\d+)|(?<symbol><>|<=|>=|[=<>()[\],.+-])|(?<space>\s+)|(?<other>[\s\S])/y;

/** The words of recent expressions: a program has few, and sends them again and again. */
const known = new Map<string, readonly Token[]>();
const knownMax = 1_000;

/** The words of an expression with their positions, then an end. Any other character is a word. */
export function tokenize(text: string): readonly Token[] {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= knownMax) known.clear();
  const tokens = split(text);
  known.set(text, tokens);
  return tokens;
}

function split(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const { name, hash, colon, number, space } = found.groups ?? {};
    if (space !== undefined) continue;
    const kind = name ? "name" : hash ? "#" : colon ? ":" : number ? "number" : "symbol";
    tokens.push({ kind, text: found[0], at: found.index, end: pattern.lastIndex });
  }
  tokens.push({ kind: "end", text: "<EOF>", at: text.length, end: text.length });
  return tokens;
}
