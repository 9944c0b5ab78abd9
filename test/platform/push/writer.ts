import { recordOf } from "../../../domain/log/change.ts";
import type { ItemChange } from "../../../domain/log/event.ts";
import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { profileOf, summaryOf } from "../../../domain/people/user.ts";
import { makeMessage } from "../../../domain/streams/chat-rules.ts";
import { makeStream, NewStream } from "../../../domain/streams/new-stream.ts";
import type { StreamWork } from "../../../platform/push/batch.ts";
import { key } from "../../../platform/table/keys.ts";
import type { Scenario } from "./scenario.ts";
import { type createTable, type Item, nameOf } from "./table-double.ts";

export const streamId = "64d15f9e2e6c8f4d5a123000";
const picture = "https://cdn.example.com/p.png";
export const start = Date.parse("2026-01-01T00:00:00Z");

const person = (userId: string) => profileOf(userId, {}, new Date(start));
/** Settings with which several trains begin and end during a schedule. */
const train = {
  enabled: true,
  startCredits: 10,
  startSenders: 2,
  windowSeconds: 60,
  levels: [20, 35, 50],
  levelSeconds: 60,
};
const stream = (scenario: Scenario) => ({
  ...makeStream(NewStream.parse({ title: "Live" }), {
    id: streamId,
    host: summaryOf(person("host"), picture),
    defaultThumbnail: picture,
    now: new Date(start),
  }),
  status: "active" as const,
  ...(scenario.trains === true && { train }),
});
export const streamItem = (scenario: Scenario): Item => ({
  ...key.stream(streamId),
  ...stream(scenario),
});

type Tools = {
  table: ReturnType<typeof createTable>;
  random: () => number;
  between: (low: number, high: number) => number;
  chance: (share?: number) => boolean;
  now: () => number;
  blockedAt: Map<string, number>;
};

/**
 * The people of the world: they write messages, gifts, bans and deletions straight into the table.
 */
export function createWriter(
  scenario: Scenario,
  { table, random, between, chance, now, blockedAt }: Tools,
) {
  /** Ids of all records that must be in the log, exactly once. */
  const committed = new Set<string>();
  const deleted = new Set<string>();
  const messages: Item[] = [];
  const given: Item[] = [];
  let [n, gifts, bans, likes] = [0, 0, 0, 0];

  function say(): void {
    const message = makeMessage(
      { content: `text ${++n}` },
      { stream: stream(scenario), sender: person("sender"), n, now: new Date(now()) },
    );
    const item = { ...key.message(streamId, n), ...message } as Item;
    messages.push(item);
    committed.add(`message:${message.id}`);
    table.put(item);
  }
  function give(): void {
    const id = (++gifts).toString(16).padStart(24, "0");
    const sender = person(scenario.trains ? `sender${between(1, 3)}` : "sender");
    const type = { id: "1".repeat(24), name: "Rose", creditAmount: 5, svgUrl: picture };
    const terms = {
      hostId: "host",
      receivers: [person("host")],
      giftType: type,
      count: 1,
      combo: 1,
    };
    const at = new Date(now()).toISOString();
    const gift = { id, kind: "gift", streamId, sender, ...terms, comboId: id, price: 5 };
    committed.add(`gift:${id}`);
    const more = { createdAt: at, due: "host", dueCredits: 5, charged: true, revision: 1 };
    const item = { ...key.gift(streamId, id), ...gift, ...more } as Item;
    given.push(item);
    table.put(item);
  }
  function refund(): void {
    const [item] = given.splice(between(Math.max(0, given.length - 4), given.length - 1), 1);
    if (item === undefined) return;
    committed.add(`gift:${item.id}:refunded`);
    table.put({ ...item, refundedAt: new Date(now()).toISOString(), revision: 2 });
  }
  function like(): void {
    const userId = `liker${between(1, 5)}`;
    const old = table.items.get(nameOf(key.like(streamId, userId)));
    const change = `like:${++likes}`;
    const at = new Date(now()).toISOString();
    const taps = { likes: Number(old?.likes ?? 0) + 1, at, change };
    const rest = { sessions: [], allowance: 1, filledAt: now() };
    committed.add(change);
    table.put({ ...key.like(streamId, userId), userId, streamId, ...taps, ...rest });
  }
  function takeBack(): void {
    const item = messages[between(Math.max(0, messages.length - 4), messages.length - 1)];
    if (item === undefined || deleted.has(item.id as string)) return;
    deleted.add(item.id as string);
    committed.add(`message:${item.id}:deleted`);
    const { content: _, ...fields } = item;
    table.put({
      ...fields,
      PK: item.PK,
      SK: item.SK,
      deletedAt: new Date(now()).toISOString(),
      revision: 2,
    });
  }
  function judge(userId: string, block = chance(0.6)): void {
    const name = `STREAM#${streamId} MEMBER#${userId}`;
    const old = table.items.get(name);
    const revision = Math.max(now(), ((old?.revision as number) ?? 0) + 1);
    if (old?.ban != null) {
      committed.add(`ban:${(old.ban as { id: string }).id}:lifted`);
      blockedAt.delete(userId);
      table.put({ ...key.sender(streamId, userId), userId, ban: null });
      table.put({ ...old, ban: null, revision });
    } else if (block) {
      const id = String(++bans);
      committed.add(`ban:${id}`);
      blockedAt.set(userId, bans);
      const ban = { id, actionType: "BLOCK", endsAt: null };
      table.put({ ...key.sender(streamId, userId), userId, ban });
      table.put({ ...key.member(streamId, userId), userId, revision, ban });
    }
  }
  return {
    committed,
    deleted,
    writeSomething(): void {
      const x = random();
      if (scenario.likes && x < 0.8) like();
      else if (scenario.trains && x < 0.6) x < 0.5 ? give() : refund();
      else if (x < 0.5 || messages.length === 0) say();
      else if (x < 0.7) give();
      else if (x < (scenario.deletions ? 0.95 : 0.75)) takeBack();
      else if (scenario.bans) judge(`u${between(0, (scenario.clients ?? 3) - 1)}`);
      else say();
    },
    unblockAll(): void {
      for (const userId of blockedAt.keys()) judge(userId, false);
    },
    forget(): void {
      committed.clear();
      deleted.clear();
    },
  };
}

/** A record of a shard: a change of an item, or a subscription. */
export type Delivered = { change?: ItemChange; subscriber?: Subscriber; at: number };

/** One batch of a shard, as the consumer reads it. */
export function workOf(batch: readonly Delivered[]): StreamWork {
  const work: StreamWork = { records: [], subscribers: [] };
  for (const { change, subscriber } of batch) {
    if (subscriber) work.subscribers.push(subscriber);
    const record = change && recordOf(change, picture);
    if (record) work.records.push(record);
  }
  return work;
}
