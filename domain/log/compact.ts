import type { FrameBody } from "./frame.ts";

type Values = Record<string, unknown>;

/**
 * Values of one field for all events of a group: one a row, or one for all rows, or text
 * `<prefix>=<column>` where each value is the prefix and that column's value.
 */
type Column = unknown[] | string;

/** Events of one type whose data have the same fields. */
type Group = { type: string; count: number; columns: Record<string, Column> };

/**
 * The same frame, denser: users and gift types are said once, and the fields of like events stand
 * in columns. `order` has the group of each event; it is absent when there is one group.
 */
type CompactFrame = Omit<FrameBody, "type" | "events"> & {
  type: "compact";
  users: unknown[][];
  giftTypes: unknown[];
  groups: Group[];
  order?: number[];
};

/** Columns with these marks hold places in `users` (one, or a list) and in `giftTypes`. */
const marks = { user: "@", users: "@@", giftType: "#" } as const;

/** Makes the compact form of a frame. client/compact.ts gives the events back as they were. */
export function compactOf({ events, type: _, ...rest }: FrameBody): CompactFrame {
  const users = createPlaces(userRow);
  const giftTypes = createPlaces((value) => value);
  const groups = new Map<string, { type: string; rows: Values[] }>();
  const order: number[] = [];
  for (const { type, id, at, data } of events) {
    const row: Values = { "": id, at };
    for (const [name, value] of Object.entries(data)) {
      if (isUser(value)) row[marks.user + name] = users.placeOf(value);
      else if (Array.isArray(value) && value.length > 0 && value.every(isUser))
        row[marks.users + name] = value.map(users.placeOf);
      else if (name === "giftType") row[marks.giftType + name] = giftTypes.placeOf(value);
      else row[`.${name}`] = value;
    }
    const form = `${type} ${Object.keys(row)}`;
    if (!groups.has(form)) groups.set(form, { type, rows: [] });
    groups.get(form)!.rows.push(row);
    order.push([...groups.keys()].indexOf(form));
  }
  const made = [...groups.values()].map(({ type, rows }) => groupOf(type, rows));
  return {
    type: "compact",
    ...rest,
    users: users.list,
    giftTypes: giftTypes.list,
    groups: made,
    ...(made.length > 1 && { order }),
  };
}

function createPlaces(form: (value: never) => unknown) {
  const places = new Map<string, number>();
  const list: unknown[] = [];
  const placeOf = (value: unknown): number => {
    const text = JSON.stringify(value);
    const found = places.get(text);
    if (found !== undefined) return found;
    places.set(text, list.length);
    list.push(form(value as never));
    return list.length - 1;
  };
  return { placeOf, list: list as never };
}

type User = {
  _id: string;
  username: string;
  name: string;
  surname: string;
  profilePhoto: {
    _id: string;
    url: string;
    variants: { "40": string; "76": string };
    createdAt: string;
    updatedAt: string;
  };
  role?: string;
};

const isUser = (value: unknown): value is User =>
  typeof value === "object" && value !== null && "availabilityStatus" in value;

/**
 * A user without names of fields; 0 stands for what is the same as the user's id or the picture.
 */
function userRow({ _id, username, name, surname, profilePhoto: photo, role }: User): unknown[] {
  const { url, variants, createdAt, updatedAt } = photo;
  const same = <T>(value: T, as: T) => (value === as ? 0 : value);
  return [
    ...[_id, username, name, surname, same(photo._id, _id), url],
    ...[same(variants["40"], url), same(variants["76"], url), createdAt],
    same(updatedAt, createdAt),
    ...(role === undefined ? [] : [role]),
  ];
}

function groupOf(type: string, rows: readonly Values[]): Group {
  const columns: Record<string, Column> = {};
  const seen: [string, unknown[]][] = [];
  // The id is written last among equals, since it is made from the item's own id.
  const names = Object.keys(rows[0]!);
  for (const name of [...names.filter((one) => one !== ""), ""]) {
    const values = rows.map((row) => row[name]);
    columns[name] = reference(values, seen) ?? shortened(values);
    seen.push([name, values]);
  }
  return { type, count: rows.length, columns };
}

/** An earlier column of text from which this one follows, by a prefix that all rows share. */
function reference(values: unknown[], seen: readonly [string, unknown[]][]): string | undefined {
  const [first] = values;
  if (typeof first !== "string") return undefined;
  for (const [name, others] of seen) {
    const [other] = others;
    if (typeof other !== "string" || other === "" || !first.endsWith(other)) continue;
    const prefix = first.slice(0, first.length - other.length);
    if (prefix.includes("=")) continue;
    if (values.every((value, at) => value === prefix + others[at])) return `${prefix}=${name}`;
  }
  return undefined;
}

/** One value for all rows where they are alike. */
function shortened(values: unknown[]): unknown[] {
  const first = JSON.stringify(values[0]);
  return values.every((value) => JSON.stringify(value) === first) ? [values[0]] : values;
}
