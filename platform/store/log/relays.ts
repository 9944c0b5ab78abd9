import { randomBytes } from "node:crypto";
import * as z from "zod";
import { cachedEach } from "../../runtime/caches.ts";
import { setting } from "../../runtime/env.ts";
import { logFault } from "../../runtime/log.ts";
import { deleteItem, getRawItem, parseItem, putItem, writeItems } from "../../table/items.ts";
import { type Key, key, prefix } from "../../table/keys.ts";
import { queryWhole } from "../../table/query.ts";
import { announce } from "./frames.ts";
import { findLog } from "./logs.ts";

/*
 * Functions and relays communicate through the table only: relays send heartbeats, and functions
 * leave messages for connections that a relay holds.
 */

/** Interval of a relay's heartbeat, and the age after which the relay counts as dead. */
export const aliveMilliseconds = { every: 5_000, max: 15_000 };

/** Key of a shared heartbeat, for callers that do not care which relay is alive. */
const anyNode = "any";

/** Records a relay's heartbeat. */
export async function markRelay(node: string, now: Date): Promise<void> {
  const mark = { at: now.getTime(), expiresAt: secondsAfter(now, 3_600) };
  await Promise.all([node, anyNode].map((one) => putItem({ ...key.relay(one), ...mark })));
}

/** Removes the heartbeat of a relay that stops. */
export const removeRelay = (node: string): Promise<void> => deleteItem(key.relay(node));

const secondsAfter = (now: Date, seconds: number) => Math.ceil(now.getTime() / 1000) + seconds;

/** Relays whose heartbeat one environment caches, and for how long. */
const relaysMax = 100;
const knownMilliseconds = 1_000;
const lastHeartbeat = cachedEach(knownMilliseconds, relaysMax, async (node: string) =>
  Number((await getRawItem(key.relay(node)))?.at ?? 0),
);

/** Whether a relay's heartbeat is recent enough; up to one second stale. */
export const isRelayAlive = async (node: string, now: Date): Promise<boolean> =>
  now.getTime() - (await lastHeartbeat(node, now)) < aliveMilliseconds.max;

/** A message for one connection of a relay. */
const RelayMessage = z.object({
  connectionId: z.string(),
  /** A message for the client. */
  text: z.string().optional(),
  /** Whether to close the connection. */
  closes: z.boolean().optional(),
  /** A paid stream that the user may have lost access to. */
  recheck: z.string().optional(),
  /** Whether the user may have been blocked from streams that they are subscribed to. */
  rechecksBans: z.boolean().optional(),
});
export type RelayMessage = z.infer<typeof RelayMessage>;

/** Seconds after which unread messages expire. */
const messageSeconds = 600;

/** Numbers this process's messages, so that messages of one millisecond keep their order. */
let messageCount = 0;

/** Leaves a message for a relay's connection; a process's messages are taken in their order. */
export async function putRelayMessage(
  node: string,
  message: RelayMessage,
  now: Date,
): Promise<void> {
  const number = String(messageCount++).padStart(10, "0");
  const id = `${now.getTime()}-${number}-${randomBytes(6).toString("base64url")}`;
  await putItem({
    ...key.mail(node, id),
    ...message,
    expiresAt: secondsAfter(now, messageSeconds),
  });
  announce("message");
}

/**
 * Takes all messages of a relay, oldest first, except ids in `taken`, and adds the ids that it
 * took: a retried write can store a message again after it was taken. Messages that could not be
 * removed are taken too, since a part of them may be removed.
 */
export async function takeRelayMessages(
  node: string,
  taken = new Set<string>(),
): Promise<RelayMessage[]> {
  const items = await queryWhole(key.mail(node, ""), { prefix: prefix.mail });
  if (items.length > 0)
    await writeItems(
      [],
      items.map(({ PK, SK }) => ({ PK, SK })),
    ).catch((error) => logFault("A relay's mail was not removed", error));
  const fresh = items.filter(({ SK }) => !taken.has(SK));
  for (const { SK } of fresh) taken.add(SK);
  return fresh.map((item) => parseItem(RelayMessage, item));
}

/**
 * The users who watch a stream through one relay, with their start time (milliseconds since 1970).
 */
type RelayUsers = ReadonlyMap<string, number>;

/** The stored users of one relay's room: all of them, or the newest and a sketch of all. */
export type RelayedRoom = { users: RelayUsers; sketch?: Uint8Array | undefined };

/** A part of a relay's users: space-separated `id,time`, with times in base 36. */
const UserList = z.object({ users: z.string(), sketch: z.instanceof(Uint8Array).optional() });

/** Maximum characters of one item's list of users; an item may have 400 KB. */
const listMax = 300_000;

/** Records that a relay serves a stream, without its users. */
export const markRelayedRoom = (streamId: string, node: string, now: Date): Promise<void> =>
  putItem(roomMark(streamId, node, now));

const roomMark = (streamId: string, node: string, now: Date) => ({
  ...key.relayRoom(streamId, node),
  at: now.getTime(),
  expiresAt: secondsAfter(now, 3_600),
});

/**
 * Records that a relay serves a stream, with its users. Returns the number of items that the list
 * takes; `partsBefore` is the previous result.
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
    users,
    expiresAt,
    ...(part === 0 && sketch && { sketch }),
  }));
  const left = Array.from({ length: Math.max(0, partsBefore - texts.length) }, (_, at) =>
    key.relayUsers(streamId, node, texts.length + at),
  );
  await writeItems([roomMark(streamId, node, now), ...lists], left);
  return texts.length;
}

/**
 * Removes the items of a room that a relay no longer serves; `parts` is the last result of
 * `putRelayedRoom`.
 */
export const removeRelayedRoom = (streamId: string, node: string, parts: number): Promise<void> =>
  writeItems(
    [],
    [
      key.relayRoom(streamId, node),
      ...Array.from({ length: parts }, (_, part) => key.relayUsers(streamId, node, part)),
    ],
  );

/**
 * The users of a stream on all live relays. Returns an empty list, without a read, if the stage has
 * no relay. `but` excludes one relay.
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
    const { users, sketch } = parseItem(UserList, item);
    return [{ users: readUsers(users), sketch }];
  });
}

/** Rooms that one environment caches, and the maximum age of a cached room (milliseconds). */
const recentMax = 50;
const recentMilliseconds = 2_000;

/**
 * Like `listRelayedRooms`, up to two seconds old: 10,000 viewers take 44 read units, and every
 * frame counts them.
 */
export const listRecentRelayedRooms = cachedEach(
  recentMilliseconds,
  recentMax,
  (streamId: string, now) => listRelayedRooms(streamId, now),
);

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
 * The relay's URL for a stream. Undefined if the stream is too small, or no relay is alive: before
 * the first deployment, after the last relay has stopped, and while none can start.
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

/** Adds the relay's URL to a stream's public fields, if a relay serves it. */
export async function withRelay<Shown extends object>(
  streamId: string,
  showing: Promise<Shown>,
): Promise<Shown & { realtime?: { url: string } }> {
  const [shown, url] = await Promise.all([showing, findRelayUrl(streamId)]);
  return url === undefined ? shown : { ...shown, realtime: { url } };
}
