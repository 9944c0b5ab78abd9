import { randomUUID } from "node:crypto";
import type { StatementSync } from "node:sqlite";
import { inTransaction, rowsOf } from "../engine/sqlite.ts";
import type { Queue } from "../model.ts";
import type { State } from "../state.ts";

/** What a sender provides. */
type MessageSent = {
  body: string;
  delaySeconds?: number | undefined;
  groupId?: string | undefined;
  deduplicationId?: string | undefined;
  sender: string;
};

/** A stored message. Times are epoch milliseconds. */
export type Message = {
  id: number;
  messageId: string;
  body: string;
  groupId: string | null;
  deduplicationId: string | null;
  sender: string;
  sentAt: number;
  visibleAt: number;
  receivedAt: number | null;
  receives: number;
};

/** Names one reception of a message. */
export const receiptOf = ({ id, receives }: Message) => `${id}-${receives}`;

/** Messages of all queues, stored in the runner's file: a kill loses no acknowledged message. */
export type QueueStore = {
  send(queue: Queue, message: MessageSent): { messageId: string; sequence: number };
  /**
   * Returns up to `max` messages and hides them for the queue's visibility timeout. In a FIFO queue
   * they are of one group, in order, and the group is blocked until they are deleted or visible
   * again.
   */
  receive(queue: Queue, max: number): Message[];
  remove(messages: Message[]): void;
  /**
   * Makes the message of a receipt visible at a time. False if it was deleted or received again.
   */
  postpone(queue: Queue, receipt: string, visibleAt: number): boolean;
  /** When the next message of a queue may become visible; `undefined` if it is empty. */
  findNextVisible(queue: Queue): number | undefined;
  count(queue: Queue): { visible: number; delayed: number; inFlight: number };
  /**
   * Makes messages in flight visible after a restart, since their consumers died with the process.
   */
  release(): void;
};

/** SQS remembers a deduplication id for five minutes. */
const deduplicationMilliseconds = 5 * 60 * 1000;

const columns = `id, message_id AS messageId, body, group_id AS groupId,
  deduplication_id AS deduplicationId, sender, sent_at AS sentAt, visible_at AS visibleAt,
  received_at AS receivedAt, receives`;

/** Every statement of the store. Times are epoch milliseconds. */
const statements = {
  // The column of attributes stays for data directories of older versions; no message has any.
  insert: `INSERT INTO messages (queue, message_id, body, attributes, group_id, deduplication_id,
    sender, sent_at, visible_at) VALUES (?, ?, ?, '{}', ?, ?, ?, ?, ?)`,
  standard: `SELECT ${columns} FROM messages WHERE queue = ? AND visible_at <= ?
    ORDER BY visible_at, id LIMIT ?`,
  // A group whose oldest message is hidden is blocked, which keeps its order.
  fifoHead: `SELECT ${columns} FROM messages WHERE id IN
    (SELECT MIN(id) FROM messages WHERE queue = ? GROUP BY group_id)
    AND visible_at <= ? ORDER BY id LIMIT 1`,
  fifoGroup: `SELECT ${columns} FROM messages WHERE queue = ? AND group_id = ? ORDER BY id LIMIT ?`,
  fifoNext: `SELECT MIN(visible_at) AS next FROM messages WHERE id IN
    (SELECT MIN(id) FROM messages WHERE queue = ? GROUP BY group_id)`,
  take: `UPDATE messages SET visible_at = ?, receives = receives + 1,
    received_at = COALESCE(received_at, ?) WHERE id = ?`,
  next: "SELECT MIN(visible_at) AS next FROM messages WHERE queue = ?",
  move: "UPDATE messages SET queue = ?, visible_at = ? WHERE id = ?",
  remove: "DELETE FROM messages WHERE id = ?",
  postpone: "UPDATE messages SET visible_at = ? WHERE queue = ? AND id = ? AND receives = ?",
  expire: "DELETE FROM messages WHERE queue = ? AND sent_at < ?",
  known: `SELECT message_id AS messageId FROM deduplications
    WHERE queue = ? AND id = ? AND sent_at > ?`,
  remember: "INSERT OR REPLACE INTO deduplications VALUES (?, ?, ?, ?)",
  forget: "DELETE FROM deduplications WHERE sent_at <= ?",
  count: `SELECT COUNT(*) FILTER (WHERE visible_at <= ?1) AS visible,
    COUNT(*) FILTER (WHERE visible_at > ?1 AND receives = 0) AS delayed,
    COUNT(*) FILTER (WHERE visible_at > ?1 AND receives > 0) AS inFlight
    FROM messages WHERE queue = ?2`,
  release: "UPDATE messages SET visible_at = ?1 WHERE receives > 0 AND visible_at > ?1",
  shift: `UPDATE messages SET sent_at = sent_at - ?1, visible_at = visible_at - ?1,
    received_at = received_at - ?1`,
  refresh: `UPDATE messages SET sent_at = ?1, visible_at = visible_at - (sent_at - ?1)
    WHERE sent_at > ?1`,
};

type Sql = Record<keyof typeof statements, StatementSync>;
type FindQueue = (arn: string) => Queue | undefined;

/**
 * Creates the store of the stage's queues in the runner's file. `findQueue` finds a dead-letter
 * queue by its ARN; `clock` returns epoch milliseconds.
 */
export function createQueueStore(
  { database }: State,
  findQueue: FindQueue,
  clock: () => number = Date.now,
): QueueStore {
  const prepared = Object.entries(statements).map(([name, text]) => [name, database.prepare(text)]);
  const sql = Object.fromEntries(prepared) as Sql;
  let startedAt = Number.NEGATIVE_INFINITY;
  let latest = Number.NEGATIVE_INFINITY;
  /** The time. If the clock was set back, messages would wait until their time has returned. */
  const read = () => {
    const now = clock();
    if (now < latest) sql.shift.run(latest - now);
    latest = now;
    return now;
  };
  return {
    send: (queue, message) => inTransaction(database, () => send(sql, queue, message, read())),
    receive: (queue, max) =>
      inTransaction(database, () => {
        const now = read();
        const expired = now - queue.retentionSeconds * 1000;
        // Messages that waited while the runner was stopped stay: on AWS, functions never stop.
        if (startedAt < expired) sql.expire.run(queue.name, expired);
        return take(sql, findQueue, queue, findVisible(sql, queue, max, now), now);
      }),
    remove: (messages) =>
      inTransaction(database, () => {
        for (const { id } of messages) sql.remove.run(id);
      }),
    postpone(queue, receipt, visibleAt) {
      const { changes } = sql.postpone.run(visibleAt, queue.name, ...receipt.split("-", 2));
      return changes > 0;
    },
    findNextVisible(queue) {
      const next = (queue.fifo ? sql.fifoNext : sql.next).get(queue.name)?.next;
      return typeof next === "number" ? next : undefined;
    },
    count: (queue) =>
      ({ ...sql.count.get(clock(), queue.name) }) as ReturnType<QueueStore["count"]>,
    release() {
      startedAt = clock();
      // The clock may have been set back while the runner was stopped, too.
      sql.refresh.run(startedAt);
      sql.release.run(startedAt);
    },
  };
}

function send(
  sql: Sql,
  queue: Queue,
  message: MessageSent,
  now: number,
): { messageId: string; sequence: number } {
  const { body, groupId = null, deduplicationId = null, sender } = message;
  if (deduplicationId !== null) {
    const since = now - deduplicationMilliseconds;
    const known = sql.known.get(queue.name, deduplicationId, since);
    if (known) return { messageId: String(known.messageId), sequence: 0 };
    sql.forget.run(since);
  }
  const messageId = randomUUID();
  const visibleAt = now + (message.delaySeconds ?? 0) * 1000;
  const kept = [body, groupId, deduplicationId, sender, now, visibleAt];
  const { lastInsertRowid } = sql.insert.run(queue.name, messageId, ...kept);
  if (deduplicationId !== null) sql.remember.run(queue.name, deduplicationId, messageId, now);
  return { messageId, sequence: Number(lastInsertRowid) };
}

/** Visible messages; in a FIFO queue those of one group, up to its first hidden one. */
function findVisible(sql: Sql, queue: Queue, max: number, now: number): Message[] {
  if (!queue.fifo) return [...rowsOf<Message>(sql.standard.iterate(queue.name, now, max))];
  const [head] = rowsOf<Message>(sql.fifoHead.iterate(queue.name, now));
  if (!head) return [];
  const group = [...rowsOf<Message>(sql.fifoGroup.iterate(queue.name, head.groupId, max))];
  const end = group.findIndex(({ visibleAt }) => visibleAt > now);
  return end < 0 ? group : group.slice(0, end);
}

/** Hides and returns messages; those received too often move to the dead-letter queue. */
function take(
  sql: Sql,
  findQueue: FindQueue,
  queue: Queue,
  found: readonly Message[],
  now: number,
): Message[] {
  const { redrive, visibilitySeconds } = queue;
  const dead = redrive && findQueue(redrive.queueArn);
  const taken: Message[] = [];
  for (const message of found) {
    if (redrive && dead && message.receives >= redrive.receiveCountMax) {
      sql.move.run(dead.name, now, message.id);
      continue;
    }
    sql.take.run(now + visibilitySeconds * 1000, now, message.id);
    taken.push({
      ...message,
      receives: message.receives + 1,
      receivedAt: message.receivedAt ?? now,
    });
  }
  return taken;
}
