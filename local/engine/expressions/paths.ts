import type { Item, Value } from "../values.ts";
import type { Path } from "./syntax.ts";

/** The value at a path; undefined if there is none. */
export function getAt(item: Item | undefined, path: Path): Value | undefined {
  let value: Value | undefined = item?.[path[0] as string];
  for (let at = 1; at < path.length && value !== undefined; at++) {
    const part = path[at]!;
    value =
      typeof part === "number"
        ? (value.L as Value[] | undefined)?.[part]
        : ownMember(value.M as Item | undefined, part);
  }
  return value;
}

const ownMember = (map: Item | undefined, name: string) =>
  map !== undefined && Object.hasOwn(map, name) ? map[name] : undefined;

/**
 * The item with only the projected paths. List members keep their order, without the gaps between
 * them.
 */
export function project(item: Item, paths: readonly Path[]): Item {
  const root: Part = { members: new Map() };
  for (const path of paths) {
    if (getAt(item, path) === undefined) continue;
    let part = root;
    for (const step of path) {
      const next = part.members.get(step) ?? { members: new Map() };
      part.members.set(step, next);
      part = next;
    }
  }
  const chosen: Item = {};
  for (const [name, part] of root.members) chosen[name as string] = pick(item[name]!, part);
  return chosen;
}

type Part = { members: Map<string | number, Part> };

function pick(value: Value, { members }: Part): Value {
  if (members.size === 0) return value;
  if (value.L) {
    const places = [...members].sort(([a], [b]) => Number(a) - Number(b));
    return { L: places.map(([at, part]) => pick((value.L as Value[])[Number(at)]!, part)) };
  }
  const entries = [...members].map(([name, part]) => [name, pick((value.M as Item)[name]!, part)]);
  return { M: Object.fromEntries(entries) };
}
