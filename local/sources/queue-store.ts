import { randomUUID } from "node:crypto";
import type { Queue } from "../model.ts";
import type { State } from "../state.ts";

/** What a sender gives; `attributes` is SQS's MessageAttributes as it came. */
type MessageSent = {
  body: string;
  attributes?: Record<string, unknown>;
  delaySeconds?: number | undefined;
  groupId?: string | undefined;
  deduplicationId?: string | undefined;
  sender: string;
};

/** A message as it lies in its queue. Times are epoch milliseconds. */
export type Message = {
  id: number;
  messageId: string;
  body: string;
  attributes: Record<string, unknown>;
  groupId: string | null;
  deduplicationId: string | null;
  sender: string;
  sentAt: number;
  visibleAt: number;
  receivedAt: number | null;
  receives: number;
};

/** Messages of all queues, kept in the runner's file: nothing acknowledged is lost by a kill. */
export type QueueStore = {
  send(queue: Queue, message: MessageSent): { messageId: string; sequence: number };
  /**
   * Up to `max` messages, now invisible for the queue's visibility time. Of a FIFO queue they are
   * of one group, in order, and the group gives no more until they are deleted or visible again.
   */
  receive(queue: Queue, max: number): Message[];
  remove(messages: Message[]): void;
  /** When the next message of a queue may become visible; `undefined` if it has none. */
  findNextVisible(queue: Queue): number | undefined;
  count(queue: Queue): { visible: number; delayed: number; inFlight: number };
  /** After a start: what was in flight died with the process, so it may come at once. */
  release(): void;
};

/** SQS remembers a deduplication id for five minutes. */
const deduplicationMilliseconds = 5 * 60 * 1000;

/** @param findQueue gives a dead-letter queue by its ARN. @param clock epoch milliseconds. */
export function createQueueStore(
  state: State,
  findQueue: (arn: string) => Queue | undefined,
  clock: () => number = Date.now,
): QueueStore {
  const database = state.database;
  const columns = `id, message_id AS messageId, body, attributes, group_id AS groupId,
    deduplication_id AS deduplicationId, sender, sent_at AS sentAt, visible_at AS visibleAt,
    received_at AS receivedAt, receives`;
  const sql = {
    insert: database.prepare(
      `INSERT INTO messages (queue, message_id, body, attributes, group_id, deduplication_id,
        sender, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    standard: database.prepare(
      `SELECT ${columns} FROM messages WHERE queue = ? AND visible_at <= ?
        ORDER BY visible_at, id LIMIT ?`,
    ),
    // A group whose oldest message is not visible gives nothing: that keeps its order.
    fifoHead: database.prepare(
      `SELECT ${columns} FROM messages WHERE id IN
        (SELECT MIN(id) FROM messages WHERE queue = ? GROUP BY group_id)
        AND visible_at <= ? ORDER BY id LIMIT 1`,
    ),
    fifoGroup: database.prepare(
      `SELECT ${columns} FROM messages WHERE queue = ? AND group_id = ? ORDER BY id LIMIT ?`,
    ),
    fifoNext: database.prepare(
      `SELECT MIN(visible_at) AS next FROM messages WHERE id IN
        (SELECT MIN(id) FROM messages WHERE queue = ? GROUP BY group_id)`,
    ),
    take: database.prepare(
      `UPDATE messages SET visible_at = ?, receives = receives + 1,
        received_at = COALESCE(received_at, ?) WHERE id = ?`,
    ),
    next: database.prepare("SELECT MIN(visible_at) AS next FROM messages WHERE queue = ?"),
    move: database.prepare("UPDATE messages SET queue = ?, visible_at = ? WHERE id = ?"),
    remove: database.prepare("DELETE FROM messages WHERE id = ?"),
    expire: database.prepare("DELETE FROM messages WHERE queue = ? AND sent_at < ?"),
    known: database.prepare(
      `SELECT message_id AS messageId FROM deduplications
        WHERE queue = ? AND id = ? AND sent_at > ?`,
    ),
    remember: database.prepare("INSERT OR REPLACE INTO deduplications VALUES (?, ?, ?, ?)"),
    forget: database.prepare("DELETE FROM deduplications WHERE sent_at <= ?"),
    count: database.prepare(
      `SELECT COUNT(*) FILTER (WHERE visible_at <= ?1) AS visible,
        COUNT(*) FILTER (WHERE visible_at > ?1 AND receives = 0) AS delayed,
        COUNT(*) FILTER (WHERE visible_at > ?1 AND receives > 0) AS inFlight
        FROM messages WHERE queue = ?2`,
    ),
    release: database.prepare(
      "UPDATE messages SET visible_at = ?1 WHERE receives > 0 AND visible_at > ?1",
    ),
  };
  const together = <Result>(work: () => Result): Result => {
    database.exec("BEGIN");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  };

  /** Takes what may be had; messages that were received too often go to the dead letters. */
  const take = (queue: Queue, found: Message[], now: number): Message[] => {
    const taken: Message[] = [];
    for (const message of found) {
      const dead = queue.redrive && findQueue(queue.redrive.queueArn);
      if (queue.redrive && dead && message.receives >= queue.redrive.receiveCountMax) {
        sql.move.run(dead.name, now, message.id);
        continue;
      }
      sql.take.run(now + queue.visibilitySeconds * 1000, now, message.id);
      taken.push({
        ...message,
        attributes: JSON.parse(String(message.attributes)),
        receives: message.receives + 1,
        receivedAt: message.receivedAt ?? now,
      });
    }
    return taken;
  };

  return {
    send: (queue, message) =>
      together(() => {
        const now = clock();
        const { deduplicationId = null } = message;
        if (deduplicationId !== null) {
          const since = now - deduplicationMilliseconds;
          const known = sql.known.get(queue.name, deduplicationId, since);
          if (known) return { messageId: String(known.messageId), sequence: 0 };
          sql.forget.run(since);
        }
        const messageId = randomUUID();
        const delaySeconds = message.delaySeconds ?? queue.delaySeconds;
        const { lastInsertRowid } = sql.insert.run(
          queue.name,
          messageId,
          message.body,
          JSON.stringify(message.attributes ?? {}),
          message.groupId ?? null,
          deduplicationId,
          message.sender,
          now,
          now + delaySeconds * 1000,
        );
        if (deduplicationId !== null) {
          sql.remember.run(queue.name, deduplicationId, messageId, now);
        }
        return { messageId, sequence: Number(lastInsertRowid) };
      }),
    receive: (queue, max) =>
      together(() => {
        const now = clock();
        sql.expire.run(queue.name, now - queue.retentionSeconds * 1000);
        if (!queue.fifo) {
          return take(queue, sql.standard.all(queue.name, now, max) as unknown as Message[], now);
        }
        const head = sql.fifoHead.get(queue.name, now) as unknown as Message | undefined;
        if (!head) return [];
        const group = sql.fifoGroup.all(queue.name, head.groupId, max) as unknown as Message[];
        const end = group.findIndex((message) => message.visibleAt > now);
        return take(queue, end < 0 ? group : group.slice(0, end), now);
      }),
    remove: (messages) =>
      together(() => {
        for (const message of messages) sql.remove.run(message.id);
      }),
    findNextVisible(queue) {
      const next = (queue.fifo ? sql.fifoNext : sql.next).get(queue.name)?.next;
      return typeof next === "number" ? next : undefined;
    },
    count: (queue) =>
      ({ ...sql.count.get(clock(), queue.name) }) as ReturnType<QueueStore["count"]>,
    release() {
      sql.release.run(clock());
    },
  };
}
