import { invalid } from "../failure.ts";
import { addValues, type Item, typeOf, type Value } from "../values.ts";
import { getAt } from "./paths.ts";
import type { Change, Path, Setting } from "./syntax.ts";

/** The result of an update; every operand is read from the item before the update. */
export function applyChanges(before: Item, changes: readonly Change[]): Item {
  const after = structuredClone(before);
  // Operands of SET are read before anything changes.
  const settings = changes.map((change) =>
    change.section === "SET" ? evaluate(before, change.setting) : undefined,
  );
  for (const [at, change] of changes.entries()) {
    if (change.section === "SET" && !isInList(change)) setAt(after, change.path, settings[at]!);
    else if (change.section === "ADD") add(before, after, change.path, change.value);
    else if (change.section === "DELETE") take(before, after, change.path, change.value);
  }
  // Values beyond a list's end are appended in the order of their positions, not of the expression.
  const appended = [...changes.entries()].filter(
    ([, one]) => one.section === "SET" && isInList(one),
  );
  for (const [at, { path }] of appended.toSorted(([, a], [, b]) => byLastPlace(b, a))) {
    setAt(after, path, settings[at]!);
  }
  // Removals come last, from the highest position down, so that list positions stay valid.
  const removals = changes.filter(({ section }) => section === "REMOVE");
  for (const { path } of removals.toSorted(byLastPlace)) removeAt(before, after, path);
  return after;
}

const isInList = ({ path }: Change) => typeof path.at(-1) === "number";

function byLastPlace(first: Change, second: Change): number {
  const [a, b] = [first.path.at(-1), second.path.at(-1)];
  return typeof a === "number" && typeof b === "number" ? b - a : 0;
}

function evaluate(item: Item, setting: Setting): Value {
  switch (setting.is) {
    case "operand": {
      const { operand } = setting;
      const value = operand.is === "value" ? operand.value : undefined;
      const found = operand.is === "path" ? getAt(item, operand.path) : value;
      if (found !== undefined) return found;
      throw invalid(
        "The provided expression refers to an attribute that does not exist in the item",
      );
    }
    case "if_not_exists": {
      const { first, second } = setting;
      const path = first.is === "operand" && first.operand.is === "path" ? first.operand.path : [];
      return getAt(item, path) ?? evaluate(item, second);
    }
    case "list_append": {
      const [first, second] = [evaluate(item, setting.first), evaluate(item, setting.second)];
      if (!first.L || !second.L) throw wrongType();
      return { L: [...(first.L as Value[]), ...(second.L as Value[])] };
    }
    default: {
      const [first, second] = [evaluate(item, setting.first), evaluate(item, setting.second)];
      if (first.N === undefined || second.N === undefined) throw wrongType();
      return addValues(first, second, setting.is === "+" ? 1 : -1);
    }
  }
}

const wrongType = () => invalid("An operand in the update expression has an incorrect data type");

const wrongPath = () =>
  invalid("The document path provided in the update expression is invalid for update");

/** The container of a path's last step; throws if the path does not exist. */
function findParent(item: Item, path: Path): Value {
  const parent = path.length === 1 ? { M: item } : getAt(item, path.slice(0, -1));
  const last = path.at(-1);
  if (parent === undefined || (typeof last === "number" ? !parent.L : !parent.M)) throw wrongPath();
  return parent;
}

function setAt(item: Item, path: Path, value: Value): void {
  const parent = findParent(item, path);
  const last = path.at(-1)!;
  const copy = structuredClone(value);
  if (typeof last === "string") {
    (parent.M as Item)[last] = copy;
    return;
  }
  // Positions beyond a list's end append to it.
  const list = parent.L as Value[];
  list[Math.min(last, list.length)] = copy;
}

function removeAt(before: Item, after: Item, path: Path): void {
  const last = path.at(-1)!;
  if (path.length > 1) findParent(before, path);
  const parent = path.length === 1 ? { M: after } : getAt(after, path.slice(0, -1));
  if (typeof last === "number") (parent?.L as Value[] | undefined)?.splice(last, 1);
  else if (parent?.M) delete (parent.M as Item)[last];
}

function add(before: Item, after: Item, path: Path, value: Value): void {
  const found = getAt(before, path);
  setAt(after, path, found === undefined ? value : sumOf(found, value));
}

function sumOf(found: Value, value: Value): Value {
  const type = typeOf(value);
  if (typeOf(found) !== type) throw wrongType();
  if (type === "N") return addValues(found, value);
  const members = new Set([...(found[type] as string[]), ...(value[type] as string[])]);
  return { [type]: [...members] };
}

function take(before: Item, after: Item, path: Path, value: Value): void {
  const found = getAt(before, path);
  if (found === undefined) {
    if (path.length > 1) findParent(before, path);
    return;
  }
  const type = typeOf(value);
  if (typeOf(found) !== type) throw wrongType();
  const gone = new Set(value[type] as string[]);
  const left = (found[type] as string[]).filter((one) => !gone.has(one));
  // A set cannot be empty: the attribute is removed with its last member.
  if (left.length > 0) setAt(after, path, { [type]: left });
  else removeAt(before, after, path);
}
