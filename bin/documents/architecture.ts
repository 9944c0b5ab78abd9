/** The import rules of docs/rooms.json. */
type Rules = Record<"rooms" | "wings", Record<string, { holds: string; imports: string[] }>>;

/** Whether a name is a path or a package, and not a phrase. */
const isPath = (name: string) => !/[\s`]|^(everything|libraries)$/.test(name);

const rowsOf = (folders: Rules["rooms"]) =>
  Object.entries(folders).map(([folder, { holds, imports }]) => {
    const names = imports.map((name) => (isPath(name) ? `\`${name}\`` : name));
    return `| \`${folder}/\` | ${holds} | ${names.join(", ") || "nothing"} |`;
  });

/** The text with the lines between two marker comments replaced. Throws if a marker is missing. */
function replaceBetween(text: string, name: string, lines: readonly string[]): string {
  const [begin, end] = [`<!-- ${name}: generated from rooms.json -->`, `<!-- end of ${name} -->`];
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/architecture.md has no comments ${begin} and ${end}`);
  return `${before}${begin}\n\n${lines.join("\n")}\n\n${end}${after}`;
}

/** docs/architecture.md with its two tables of folders written from the rules. */
export function architecture(text: string, { rooms, wings }: Rules): string {
  const head = "| folder | contents | may import |\n| --- | --- | --- |";
  return replaceBetween(replaceBetween(text, "rooms", [head, ...rowsOf(rooms)]), "wings", [
    head,
    ...rowsOf(wings),
  ]);
}
