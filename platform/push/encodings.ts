import { deflateRawSync } from "node:zlib";
import type { FrameBody } from "../../domain/log/frame.ts";

/**
 * Compact frames larger than this (bytes) are compressed. For smaller ones base64 outweighs the
 * gain.
 */
const plainBytesMax = 2_048;

/** The compact form of a frame's text. Deterministic. */
export function compactText(body: string): string {
  const text = JSON.stringify(compactOf(JSON.parse(body)));
  if (Buffer.byteLength(text) <= plainBytesMax) return text;
  const data = deflateRawSync(text, { level: 6 }).toString("base64");
  return JSON.stringify({ type: "deflate", data });
}

type Values = Record<string, unknown>;

/**
 * The values of one field for all events of a group: one for each row, one for all rows, or text
 * `<prefix>=<column>`, where each value is the prefix followed by that column's value.
 */
type Column = unknown[] | string;

/** Events of one type whose data have the same fields. */
type Group = { type: string; count: number; columns: Record<string, Column> };

/**
 * The compact form of a frame: users and gift types appear once, and the fields of similar events
 * are columns. `order` has the group of each event; it is absent if there is only one group.
 */
type CompactFrame = Omit<FrameBody, "type" | "events"> & {
  type: "compact";
  users: unknown[][];
  giftTypes: unknown[];
  groups: Group[];
  order?: number[];
};

/** Columns with these marks hold indexes into `users` (one, or a list) and into `giftTypes`. */
const marks = { user: "@", users: "@@", giftType: "#" } as const;

/** Makes the compact form of a frame. client/compact.ts restores the events. */
function compactOf({ events, type: _, ...rest }: FrameBody): CompactFrame {
  const users = createPlaces(userRow);
  const giftTypes = createPlaces((value: unknown) => value);
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
  const groupList = [...groups.values()].map(({ type, rows }) => groupOf(type, rows));
  return {
    type: "compact",
    ...rest,
    users: users.list,
    giftTypes: giftTypes.list,
    groups: groupList,
    ...(groupList.length > 1 && { order }),
  };
}

function createPlaces<Value, Form>(form: (value: Value) => Form) {
  const places = new Map<string, number>();
  const list: Form[] = [];
  const placeOf = (value: Value): number => {
    const text = JSON.stringify(value);
    const found = places.get(text);
    if (found !== undefined) return found;
    places.set(text, list.length);
    list.push(form(value));
    return list.length - 1;
  };
  return { placeOf, list };
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
 * A user without field names; 0 stands for a value equal to the user's id, `url` or `createdAt`.
 */
function userRow({ _id, username, name, surname, profilePhoto: photo, role }: User): unknown[] {
  const { url, variants, createdAt, updatedAt } = photo;
  const unlessSame = <T>(value: T, other: T) => (value === other ? 0 : value);
  return [
    _id,
    username,
    name,
    surname,
    unlessSame(photo._id, _id),
    url,
    unlessSame(variants["40"], url),
    unlessSame(variants["76"], url),
    createdAt,
    unlessSame(updatedAt, createdAt),
    ...(role === undefined ? [] : [role]),
  ];
}

function groupOf(type: string, rows: readonly Values[]): Group {
  const columns: Record<string, Column> = {};
  const seen: [string, unknown[]][] = [];
  // The id comes last: it is built from the item's own id and can refer to that column.
  const names = Object.keys(rows[0]!);
  for (const name of [...names.filter((one) => one !== ""), ""]) {
    const values = rows.map((row) => row[name]);
    columns[name] = reference(values, seen) ?? shortened(values);
    seen.push([name, values]);
  }
  return { type, count: rows.length, columns };
}

/** The earlier column whose values differ from this column only by a prefix that all rows share. */
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

/** The values of a column, or a single one if all rows have the same value. */
function shortened(values: unknown[]): unknown[] {
  const first = JSON.stringify(values[0]);
  return values.every((value) => JSON.stringify(value) === first) ? [values[0]] : values;
}
