import { randomBytes } from "node:crypto";
import * as z from "zod";
import { BoundedMap } from "../../runtime/bounded.ts";
import { setting } from "../../runtime/env.ts";
import { deleteItem, getRawItem, putItem, read, writeItems } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { findLog } from "./logs.ts";

/*
 * What functions and relays tell each other, by the table alone: a relay that it lives, functions
 * what is for one of its connections.
 */

/** How often a relay says that it lives; after so long without a word it is dead. */
export const aliveMilliseconds = { every: 5_000, max: 15_000 };

/** What stands for all relays where it does not matter which one lives. */
const anyNode = "any";

/** Says that a relay lives. */
export async function markRelay(node: string, now: Date): Promise<void> {
  const mark = { at: now.getTime(), expiresAt: secondsAfter(now, 3_600) };
  await Promise.all([node, anyNode].map((one) => putItem({ ...key.relay(one), ...mark })));
}

/** Removes the mark of a relay that ends. */
export const removeRelay = (node: string): Promise<void> => deleteItem(key.relay(node));

const secondsAfter = (now: Date, seconds: number) => Math.ceil(now.getTime() / 1000) + seconds;

/** Relays that one environment remembers, and for how long it goes by what it has read of one. */
const relaysMax = 100;
const knownMilliseconds = 1_000;
const known = new BoundedMap<string, { at: number; readAt: number }>(relaysMax);

/** Whether a relay has said lately that it lives. */
export async function isRelayAlive(node: string, now: Date): Promise<boolean> {
  let found = known.get(node);
  if (found === undefined || now.getTime() - found.readAt > knownMilliseconds) {
    const item = await getRawItem(key.relay(node));
    found = { at: Number(item?.at ?? 0), readAt: now.getTime() };
    known.set(node, found);
  }
  return now.getTime() - found.at < aliveMilliseconds.max;
}

/** Something for one connection of a relay. */
const Mail = z.object({
  connectionId: z.string(),
  /** A message for the client. */
  text: z.string().optional(),
  /** That it is to be closed. */
  closes: z.boolean().optional(),
  /** A paid stream whose rights its user may have lost. */
  recheck: z.string().optional(),
});
export type Mail = z.infer<typeof Mail>;

/** Seconds after which mail that nobody has taken is forgotten. */
const mailSeconds = 600;

/** Leaves something for a connection of a relay. */
export async function putMail(node: string, mail: Mail, now: Date): Promise<void> {
  const id = `${now.getTime()}-${randomBytes(6).toString("base64url")}`;
  await putItem({ ...key.mail(node, id), ...mail, expiresAt: secondsAfter(now, mailSeconds) });
}

/**
 * Takes all mail of a relay, oldest first, except ids in `taken`, and adds the ids that it took: a
 * retried write can store a message again after it was taken.
 */
export async function takeMail(node: string, taken = new Set<string>()): Promise<Mail[]> {
  const items = await queryWhole(key.mail(node, ""), { prefix: prefix.mail });
  if (items.length > 0)
    await writeItems(
      [],
      items.map(({ PK, SK }) => ({ PK, SK })),
    );
  const fresh = items.filter(({ SK }) => !taken.has(SK));
  for (const { SK } of fresh) taken.add(SK);
  return fresh.map((item) => read(Mail, item));
}

/** Who watches a stream by one relay, each user since when (milliseconds since 1970). */
type RelayUsers = ReadonlyMap<string, number>;

/** The part of a relay's users that is written down: all of them, or the newest and a sketch. */
export type RelayedRoom = { users: RelayUsers; sketch?: Uint8Array | undefined };

/** A part of a relay's users, as `id,time` by spaces, the times to the base of 36. */
const UserList = z.object({ users: z.string(), sketch: z.instanceof(Uint8Array).optional() });

/** Characters of one item's list of users: an item holds 400 KB. */
const listMax = 300_000;

/** Says that a relay serves a stream, and goes on doing so. */
export const markRelayedRoom = (streamId: string, node: string, now: Date): Promise<void> =>
  putItem(roomMark(streamId, node, now));

const roomMark = (streamId: string, node: string, now: Date) => ({
  ...key.relayRoom(streamId, node),
  ...{ at: now.getTime(), expiresAt: secondsAfter(now, 3_600) },
});

/**
 * The same, with who watches there. Answers into how many items the list went; `partsBefore` is
 * what it answered the time before.
 */
export async function putRelayedRoom(
  { streamId, node }: { streamId: string; node: string },
  { users, sketch }: RelayedRoom,
  partsBefore: number,
  now: Date,
): Promise<number> {
  const texts: string[] = [];
  let text = "";
  for (const [userId, at] of users) {
    text += `${userId},${at.toString(36)} `;
    if (text.length < listMax) continue;
    texts.push(text);
    text = "";
  }
  texts.push(text);
  const expiresAt = secondsAfter(now, 3_600);
  const lists = texts.map((users, part) => ({
    ...key.relayUsers(streamId, node, part),
    ...{ users, expiresAt },
    ...(part === 0 && sketch && { sketch }),
  }));
  const left = Array.from({ length: Math.max(0, partsBefore - texts.length) }, (_, at) =>
    key.relayUsers(streamId, node, texts.length + at),
  );
  await writeItems([roomMark(streamId, node, now), ...lists], left);
  return texts.length;
}

/** Removes the items of a room that a relay no longer serves; `parts`: how many hold its users. */
export const removeRelayedRoom = (streamId: string, node: string, parts: number): Promise<void> =>
  writeItems(
    [],
    [
      key.relayRoom(streamId, node),
      ...Array.from({ length: parts }, (_, part) => key.relayUsers(streamId, node, part)),
    ],
  );

/**
 * Who watches a stream by relays that live; empty, and without a read, where the stage has none.
 * `but` leaves one relay out.
 */
export async function listRelayedRooms(
  streamId: string,
  now: Date,
  but?: string,
): Promise<RelayedRoom[]> {
  if (setting("RELAY_URL") === undefined) return [];
  const range = { prefix: prefix.relayRooms };
  const items = await queryWhole(key.relayRoom(streamId, ""), range, false);
  const oldest = now.getTime() - aliveMilliseconds.max;
  const living = new Set(items.filter(({ at }) => Number(at) > oldest).map(nodeIn));
  return items.flatMap((item) => {
    const node = nodeIn(item);
    if (item.users === undefined || !living.has(node) || node === but) return [];
    const { users, sketch } = read(UserList, item);
    return [{ users: readUsers(users), sketch }];
  });
}

/** Rooms of relays that one environment remembers, and how old what it goes by may be. */
const recentMax = 50;
const recentMilliseconds = 2_000;
const recent = new BoundedMap<string, { at: number; rooms: Promise<RelayedRoom[]> }>(recentMax);

/**
 * The same, up to two seconds old: a list of 10,000 viewers takes 44 read units, and each frame
 * counts them.
 */
export function listRecentRelayedRooms(streamId: string, now: Date): Promise<RelayedRoom[]> {
  const at = now.getTime();
  const known = recent.get(streamId);
  if (known !== undefined && Math.abs(at - known.at) < recentMilliseconds) return known.rooms;
  const rooms = listRelayedRooms(streamId, now);
  recent.set(streamId, { at, rooms });
  rooms.catch(() => recent.delete(streamId));
  return rooms;
}

/** The relay's id in `NODE#n` and `NODE#n#USERS#part`. */
const nodeIn = ({ SK }: Pick<Key, "SK">) => SK.split("#")[1] ?? "";

const readUsers = (text: string): RelayUsers =>
  new Map(
    text
      .split(" ")
      .filter(Boolean)
      .map((pair) => {
        const [userId = "", at = ""] = pair.split(",");
        return [userId, Number.parseInt(at, 36)];
      }),
  );

/**
 * Where a stream's relay takes sockets; undefined where it is too small, or no relay lives: before
 * the first one is deployed, after the last one has gone, and while none can start.
 */
export async function findRelayUrl(
  streamId: string,
  now = new Date(),
): Promise<string | undefined> {
  const url = setting("RELAY_URL");
  const from = setting("RELAY_FROM_VIEWERS");
  if (url === undefined) return undefined;
  if (from > 0 && ((await findLog(streamId))?.viewers ?? 0) < from) return undefined;
  return (await isRelayAlive(anyNode, now)) ? url : undefined;
}

/** What is shown of one stream, with where it is served if a relay does. */
export async function withRelay<Shown extends object>(
  streamId: string,
  showing: Promise<Shown>,
): Promise<Shown & { realtime?: { url: string } }> {
  const [shown, url] = await Promise.all([showing, findRelayUrl(streamId)]);
  return url === undefined ? shown : { ...shown, realtime: { url } };
}
