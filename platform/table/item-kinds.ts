import { hostIn, type Key, type KeyHeads } from "./keys.ts";

/** What kind of item a stream record is about, read from its key. */
export type ItemKind = (typeof kinds)[keyof typeof kinds] | "channel_member" | "other";

/**
 * Reads the kind, the partition's id and the rest of the sort key back out of a key. What belongs
 * to a channel has its host as `owner`.
 */
export function readKey({ PK, SK }: Key): { kind: ItemKind; owner: string; rest: string } {
  const [partition = "", owner = ""] = split(PK);
  const [head = "", rest = ""] = split(SK);
  const kind = kinds[`${partition} ${head}` as keyof typeof kinds] ?? "other";
  const hostId = hostIn(owner);
  if (hostId === undefined) return { kind, owner, rest };
  return { kind: kind === "member" ? "channel_member" : kind, owner: hostId, rest };
}

const kinds = {
  "STREAM META": "stream",
  "STREAM MEMBER": "member",
  "STREAM MSG": "message",
  "STREAM GIFT": "gift",
  "STREAM MOMENT": "moment",
  "CROWD LIKE": "like",
  "CROWD VOTE": "vote",
  "CALL CALL": "call",
  "SUB SUB": "subscriber",
  "STREAM LOG": "log",
  "USER NOTE": "notification",
  "USER PROFILE": "profile",
  "STREAM CHANNEL": "channel",
  "REVOKED REVOKED": "revocation",
  "OVERLAY KEY": "overlay_key",
} as const satisfies Partial<Record<KeyHeads, string>>;

function split(text: string): [string, string] {
  const at = text.indexOf("#");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * How the keys of items of some kinds begin, by partition: what the filter of a stream's mapping
 * lets through, so that a reader is not called for what it does not read.
 */
export function keyStartsOf(wanted: readonly ItemKind[]): { PK: string; SK: string[] }[] {
  const starts = new Map<string, string[]>();
  for (const [name, kind] of Object.entries(kinds)) {
    // A channel's members lie where a stream's do.
    const isWanted = kind === "member" && wanted.includes("channel_member");
    if (!isWanted && !wanted.includes(kind)) continue;
    const [partition = "", head = ""] = name.split(" ");
    starts.set(`${partition}#`, [...(starts.get(`${partition}#`) ?? []), head]);
  }
  return [...starts].map(([PK, SK]) => ({ PK, SK }));
}

/** What an audit reads, by key. `owner` is the user or stream, `rest` what the sort key adds. */
export function moneyKindOf(item: Key): { kind: MoneyKind; owner: string; rest: string } {
  const [partition, owner] = split(item.PK);
  const [head, rest] = split(item.SK);
  if (partition === "LEDGER") return { kind: "entry", owner, rest };
  if (partition === "FRAMES") return { kind: "frame", owner, rest };
  const kind = moneyKinds[`${partition} ${head}` as keyof typeof moneyKinds] ?? "other";
  return { kind, owner, rest };
}

const moneyKinds = {
  "USER PROFILE": "profile",
  "WALLET WALLET": "wallet",
  "WALLET REF": "reference",
  "STREAM GIFT": "gift",
  "CALL CALL": "call",
  "STREAM TOTALS": "totals",
  "STREAM FAN": "fan",
  "STREAM LOG": "log",
  "STREAM MOMENT": "moment",
  "CROWD LIKE": "like",
  "CROWD VOTE": "vote",
  "CROWD REST": "rest",
} as const satisfies Partial<Record<KeyHeads, string>>;

type MoneyKind = Paired | "entry" | "frame" | "other";
type Paired = (typeof moneyKinds)[keyof typeof moneyKinds];
