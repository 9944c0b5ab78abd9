export type Matcher = (text: string) => boolean;

/** A pattern of IAM: `*` is any text, `?` one character; everything else is literal. */
export function compilePattern(pattern: string, caseless: boolean): Matcher {
  const prepare = (text: string) => (caseless ? text.toLowerCase() : text);
  // Several patterns are evaluated per post, and nearly all are a complete name or a prefix.
  const literal = prepare(pattern.endsWith("*") ? pattern.slice(0, -1) : pattern);
  if (!/[*?]/.test(literal))
    return pattern.endsWith("*")
      ? (text) => prepare(text).startsWith(literal)
      : (text) => prepare(text) === literal;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[\\s\\S]*")
    .replaceAll("?", "[\\s\\S]");
  const expression = new RegExp(`^${source}$`, caseless ? "i" : "");
  return (text) => expression.test(text);
}
