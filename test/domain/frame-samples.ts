import { recordOf } from "../../domain/log/change.ts";
import type { ItemChange, LogRecord } from "../../domain/log/event.ts";
import { personOf } from "../../domain/people/person.ts";
import { profileOf, summaryOf } from "../../domain/people/user.ts";
import { makeMessage } from "../../domain/streams/chat-rules.ts";
import { makeStream, NewStream } from "../../domain/streams/new-stream.ts";

export const picture = "https://cdn.example.com/people/default.png";
export const streamId = "64d15f9e2e6c8f4d5a123000";
export const now = new Date("2026-01-15T10:30:00.000Z");

const person = (userId: string, name = "") =>
  personOf(profileOf(userId, { preferred_username: `${userId}_name`, given_name: name }, now));

const host = person("host", "Hostess");

export const stream = {
  ...makeStream(NewStream.parse({ title: "Live" }), {
    id: streamId,
    host: summaryOf(host, picture),
    defaultThumbnail: picture,
    now,
  }),
  status: "active" as const,
  moderators: ["ben"],
};

/** A change with its time; `old` and `next` are images. */
export const change = (
  kind: ItemChange["kind"],
  next: object | undefined,
  old?: object,
  createdAt = 1_768_473_000,
): ItemChange => ({
  kind,
  streamId,
  createdAt,
  old: old as Record<string, unknown> | undefined,
  new: next as Record<string, unknown> | undefined,
});

export const message = (n: number, content = `message ${n}`, sender = "ann") =>
  makeMessage({ content }, { stream, sender: person(sender, "Ann"), n, now });

export const gift = (n: number, more: object = {}) => ({
  id: n.toString(16).padStart(24, "0"),
  kind: "gift",
  streamId,
  hostId: "host",
  sender: person("ben", "Ben"),
  receivers: [host],
  giftType: { id: "a".repeat(24), name: "Rose", creditAmount: 10, svgUrl: picture },
  count: 1,
  combo: 1 + (n % 99),
  comboId: "1".padStart(24, "0"),
  price: 10,
  createdAt: now.toISOString(),
  due: "host",
  dueCredits: 10,
  charged: true,
  revision: 1,
  ...more,
});

export const record = (itemChange: ItemChange): LogRecord => recordOf(itemChange, picture)!;
export const chatRecord = (n: number, content?: string, createdAt?: number, sender?: string) =>
  record(change("message", message(n, content, sender), undefined, createdAt));
export const giftRecord = (n: number, more?: object, createdAt?: number) =>
  record(change("gift", gift(n, more), undefined, createdAt));

export const emptyLog = {
  epoch: "e1",
  head: 0,
  newest: 0,
  totals: { count: 0, credits: 0 },
};
