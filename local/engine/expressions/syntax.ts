import type { Value } from "../values.ts";

/** A document path: names and list indexes, such as `["a", 0, "b"]`. */
export type Path = (string | number)[];

export type Operand =
  | { is: "path"; path: Path }
  | { is: "value"; value: Value }
  | { is: "size"; of: Operand };

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

/** A condition with resolved names and values. */
export type Condition =
  | { is: "and" | "or"; left: Condition; right: Condition }
  | { is: "not"; of: Condition }
  | { is: "compare"; comparator: Comparator; left: Operand; right: Operand }
  | { is: "between"; operand: Operand; low: Operand; high: Operand }
  | { is: "in"; operand: Operand; list: Operand[] }
  | { is: "function"; name: string; args: Operand[] };

/** The right side of a SET: an operand, a function of two, or two of these added or subtracted. */
export type Setting =
  | { is: "operand"; operand: Operand }
  | { is: "if_not_exists" | "list_append"; first: Setting; second: Setting }
  | { is: "+" | "-"; first: Setting; second: Setting };

/** One change of an update, in the order of its section. */
export type Change =
  | { section: "SET"; path: Path; setting: Setting }
  | { section: "REMOVE"; path: Path }
  | { section: "ADD" | "DELETE"; path: Path; value: Value };

/** `a.b[0]` in the form of DynamoDB's messages: `[a, b, [0]]`. */
export function describePath(path: Path): string {
  return `[${path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(", ")}]`;
}
