import type { Event, Frame, ServerMessage } from "./message.ts";

type Column = unknown[] | string;
type Values = Record<string, unknown>;

/** The compact form of a frame: see the description of `compact` in /asyncapi.json. */
export type CompactFrame = Omit<Frame, "type" | "events"> & {
  type: "compact";
  users: unknown[][];
  giftTypes: unknown[];
  groups: { type: string; count: number; columns: Record<string, Column> }[];
  order?: number[];
};

/** Restores a compact frame to its plain form, with fields in their original order. */
export function expand({ users, giftTypes, groups, order, ...rest }: CompactFrame): Frame {
  const people = users.map(userOf);
  const rows = groups.map((group) => rowsOf(group, people, giftTypes));
  const next = rows.map(() => 0);
  const groupOf = order ?? (groups.length === 0 ? [] : Array(groups[0]!.count).fill(0));
  const events = groupOf.map((group: number) => rows[group]![next[group]!++]!);
  return { ...rest, type: "events", events };
}

function userOf(row: unknown[]): Values {
  const [_id, username, name, surname, photoId, url, small, large, createdAt, updatedAt, role] =
    row;
  const profilePhoto = {
    _id: photoId || _id,
    url,
    type: "image",
    variants: { "40": small || url, "76": large || url },
    createdAt,
    updatedAt: updatedAt || createdAt,
  };
  const user = { _id, username, name, surname, profilePhoto, availabilityStatus: "available" };
  return role === undefined ? user : { ...user, role };
}

function rowsOf(
  { type, count, columns }: CompactFrame["groups"][number],
  users: Values[],
  giftTypes: unknown[],
): Frame["events"] {
  const read = (name: string, row: number): unknown => {
    const column = columns[name]!;
    if (Array.isArray(column)) return column[column.length === 1 ? 0 : row];
    const at = column.indexOf("=");
    return column.slice(0, at) + read(column.slice(at + 1), row);
  };
  return Array.from({ length: count }, (_, row) => {
    const data: Values = {};
    for (const name of Object.keys(columns)) {
      const value = read(name, row);
      if (name.startsWith("@@")) data[name.slice(2)] = (value as number[]).map((at) => users[at]);
      else if (name.startsWith("@")) data[name.slice(1)] = users[value as number];
      else if (name.startsWith("#")) data[name.slice(1)] = giftTypes[value as number];
      else if (name.startsWith(".")) data[name.slice(1)] = value;
    }
    return { id: read("", row), type, at: read("at", row), data } as unknown as Event;
  });
}

/** Whether compact frames can be read here: React Native cannot inflate them. */
export const canInflate = () => typeof DecompressionStream === "function";

/** Parses one server message, plain or compact. */
export async function readMessage(text: string): Promise<ServerMessage> {
  let message = JSON.parse(text);
  if (message.type === "deflate") message = JSON.parse(await inflate(message.data));
  return message.type === "compact" ? expand(message) : message;
}

async function inflate(base64: string): Promise<string> {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).text();
}
