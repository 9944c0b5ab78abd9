/**
 * Returns a document's text with a table between two comments, which contain the table's name and
 * its source. Throws if a comment is missing.
 */
export function withTable(
  text: string,
  { name, from }: { name: string; from: string },
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): string {
  const [begin, end] = [`<!-- ${name}: generated from ${from} -->`, `<!-- end of ${name} -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`A document has no comments ${begin} and ${end}`);
  const lines = [columns, columns.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `${before}${begin}\n\n${lines.join("\n")}\n\n${end}${after}`;
}
