/** A request of the document client, as far as it is looked at. */
export type Input = Record<string, unknown> & {
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
};

type Attributes = Record<string, unknown>;

const nameOf = (input: Input, name: string) => input.ExpressionAttributeNames?.[name] ?? name;
const givenOf = (input: Input, name: string) => input.ExpressionAttributeValues?.[name];

/** Whether a request's condition holds for an item: terms joined by OR and AND, no brackets. */
export function holds(item: Attributes | undefined, input: Input): boolean {
  const condition = input.ConditionExpression as string | undefined;
  if (condition === undefined) return true;
  return condition
    .split(" OR ")
    .some((all) => all.split(" AND ").every((term) => isTrue(term.trim(), item, input)));
}

function isTrue(term: string, item: Attributes | undefined, input: Input): boolean {
  const call = /^(\w+)\(([#\w]+)(?:, (:\w+))?\)(?: < (:\w+))?$/.exec(term);
  if (call !== null) {
    const [, name, attribute = "", argument = "", most = ""] = call;
    const value = item?.[nameOf(input, attribute)];
    if (name === "attribute_exists") return value !== undefined;
    if (name === "attribute_not_exists") return value === undefined;
    if (name === "contains") return value instanceof Set && value.has(givenOf(input, argument));
    if (name === "size") return (value as Set<unknown>)?.size < Number(givenOf(input, most));
  }
  const compared = /^([#\w]+) (=|<) (:\w+)$/.exec(term);
  if (compared === null) throw new Error(`The simulated table does not know ${term}`);
  const left = item?.[nameOf(input, compared[1]!)];
  const right = givenOf(input, compared[3]!);
  if (left === undefined) return false;
  return compared[2] === "=" ? left === right : (left as number) < (right as number);
}

/** The item that an update makes: SET to a value, ADD to a number or a set, DELETE from a set. */
export function updated(item: Attributes, input: Input): Attributes {
  const result: Attributes = { ...item };
  const parts = String(input.UpdateExpression)
    .split(/ ?\b(SET|ADD|DELETE|REMOVE) /)
    .slice(1);
  for (let at = 0; at < parts.length; at += 2)
    for (const part of parts[at + 1]!.split(", ")) {
      const [name = "", operand = ""] = part.split(/ = | /);
      change(result, parts[at]!, nameOf(input, name), givenOf(input, operand));
    }
  return result;
}

function change(result: Attributes, verb: string, name: string, operand: unknown): void {
  const before = result[name];
  if (verb === "SET") result[name] = operand;
  else if (verb === "REMOVE") delete result[name];
  else if (typeof operand === "number") result[name] = Number(before ?? 0) + operand;
  else {
    const set = new Set(before as Set<unknown> | undefined);
    for (const one of operand as Set<unknown>) verb === "ADD" ? set.add(one) : set.delete(one);
    if (set.size > 0) result[name] = set;
    else delete result[name];
  }
}
