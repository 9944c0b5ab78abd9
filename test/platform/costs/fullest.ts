/** Items as large as callers can make them, so that lists of them cost the most. */
import { eventData } from "../../../domain/log/event.ts";
import { userEventData } from "../../../domain/log/user-event.ts";
import { makeNotification, NewNotification } from "../../../domain/people/notification.ts";
import { type Profile, summaryOf } from "../../../domain/people/user.ts";
import { testEvent } from "../../../domain/webhooks/webhook.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { notificationActions } from "../../../platform/store/people/notifications.ts";
import { type Item, writeItems } from "../../../platform/table/items.ts";
import { type Key, key } from "../../../platform/table/keys.ts";
import { liveStreamOf } from "../live-stream.ts";

/** A text whose every code point has four bytes, the most that UTF-8 has. */
export const longText = (codePoints: number) => "\u{1f600}".repeat(codePoints);

/** An address of 500 characters, as long as one may be. */
export const longUrl = (name: string) => `https://pictures.example.com/${name}/`.padEnd(500, "x");

/** An address of 500 characters, whose letters have three bytes each. */
export const wideUrl = (name: string) => `https://wide.example.com/${name}/`.padEnd(500, "喜");

const hooks = "https://hooks.example.com/";

/** A webhook for every type of events, in whose URL letters have four bytes. */
export const fullWebhook = {
  url: hooks + longText(500 - hooks.length),
  events: [...Object.keys(eventData), ...Object.keys(userEventData), testEvent, "*"],
  description: longText(500),
};

const picture = longUrl("default");
const now = new Date();
const at = now.toISOString();

/** Ids of 64 characters, as long as those of users may be. */
export const userAt = (n: number) => `person-${String(n).padStart(5, "0")}-`.padEnd(64, "x");

/** A profile whose every field is as long as `PUT /api/v1/users/me` takes it. */
export const fullProfile = (userId: string): Profile => ({
  userId,
  username: `u${userId.slice(7, 12)}`.padEnd(30, "0"),
  name: `z${longText(99)}`,
  surname: longText(100),
  picture: longUrl("person"),
  bio: longText(500),
  interests: Array.from({ length: 20 }, () => longText(50)),
  expertise: "photographer",
  links: Object.fromEntries(
    ["instagram", "snapchat", "x", "tiktok", "facebook"].map((name) => [
      name,
      "https://example.com/".padEnd(200, "x"),
    ]),
  ),
  createdAt: at,
  updatedAt: at,
});

/** Other guests for each stream, by the number at the end of its id. */
const guestsFrom = (id: string) => 20 * Number.parseInt(id.slice(-4), 16);

/** A stream whose every field is as long as its host may make it. */
export const fullStream = (id: string, hostId: string, status: "active" | "scheduled" | "ended") =>
  liveStreamOf(
    summaryOf(fullProfile(hostId), picture),
    {
      id,
      hostId,
      status,
      title: longText(200),
      liveStreamType: longText(50),
      motivation: longText(500),
      interest: longText(100),
      thumbnailUrl: longUrl("stream"),
      guests: Array.from({ length: 20 }, (_, n) => userAt((guestsFrom(id) + n) % 500)),
      moderators: Array.from({ length: 20 }, (_, n) => userAt(n)),
      ...(status === "scheduled" && { startedAt: null, plannedStartDate: at }),
      ...(status === "ended" && { endedAt: at }),
      blockedWordsVersion: 1,
    },
    now,
  );

/** Where a stream is listed: for all, for its host, and among those that are live. */
export function listedItems(stream: ReturnType<typeof fullStream>): Item[] {
  const { id, hostId, status, startedAt, endedAt, plannedStartDate } = stream;
  const listed = { streamId: id, hostId, status, startedAt, endedAt, plannedStartDate };
  const places: Key[] = [key.hosted(hostId, id), key.listedStream(id)];
  if (status === "active") places.push(key.liveStream(id));
  return places.map((place) => ({ ...place, ...listed }));
}

/** Two hundred words of the greatest length, as the item of a stream's words. */
export const fullWords = (streamId: string): Item => ({
  ...key.blockedWords(streamId),
  version: 1,
  words: Array.from({ length: 200 }, (_, n) => `${"각".repeat(46)}${1_000 + n}`),
});

/** The items of a notification of the greatest size. */
export function fullNotification(userId: string, n: number): Item[] {
  const wish = {
    userId,
    type: "system",
    category: n % 2 === 0 ? "payments" : "live_stream",
    title: longText(200),
    message: longText(2_000),
    metadata: { a: "y".repeat(8 * 1024 - '{"a":""}'.length) },
  };
  const actions = notificationActions(
    makeNotification(NewNotification.parse(wish), newId(now), now),
  );
  return actions.map(({ Put }) => Put!.Item as Item);
}

/** Writes items, twenty batches of 25 at a time. */
export async function writeAll(items: readonly Item[]): Promise<void> {
  for (let from = 0; from < items.length; from += 500)
    await Promise.all(
      Array.from({ length: 20 }, (_, batch) =>
        writeItems(items.slice(from + batch * 25, from + (batch + 1) * 25)),
      ),
    );
}

/** The largest settings of trains. */
export const longTrain = {
  enabled: true,
  startCredits: 1_000_000_000,
  startSenders: 50,
  windowSeconds: 600,
  levels: Array.from({ length: 10 }, (_, n) => 999_999_991 + n),
  levelSeconds: 600,
};

/** The longest poll: ten options, of which each voter may choose all. */
export const longPoll = {
  kind: "poll",
  title: longText(200),
  seconds: 3_600,
  choices: 10,
  options: Array.from({ length: 10 }, (_, n) => `${longText(79)}${n}`),
};
