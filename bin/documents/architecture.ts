import { withTable } from "./generated-table.ts";

type Folders = Record<string, { holds: string; imports: string[] }>;

/** The import rules of docs/import-rules.json. */
type Rules = Record<"folders" | "subfolders", Folders>;

/** Whether a name is a path or package rather than a phrase. */
const isPath = (name: string) => !/[\s`]|^(everything|libraries)$/.test(name);

const rowsOf = (folders: Folders) =>
  Object.entries(folders).map(([folder, { holds, imports }]) => {
    const names = imports.map((name) => (isPath(name) ? `\`${name}\`` : name));
    return [`\`${folder}/\``, holds, names.join(", ") || "nothing"];
  });

/** Returns docs/architecture.md with its two tables of folders generated from the rules. */
export function architecture(text: string, rules: Rules): string {
  const columns = ["folder", "contents", "may import"];
  return (["folders", "subfolders"] as const).reduce(
    (made, name) =>
      withTable(made, { name, from: "import-rules.json" }, columns, rowsOf(rules[name])),
    text,
  );
}
