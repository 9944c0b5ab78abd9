import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Message } from "../../../client/follower.ts";
import { type Change, recordOf } from "../../../domain/log/change.ts";
import type { LogRecord } from "../../../domain/log/event.ts";
import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { appendRecords, takeTexts } from "../../../platform/push/append.ts";
import { deliverFrames } from "../../../platform/push/deliver.ts";
import { type PostResult, usePoster } from "../../../platform/push/gateway.ts";
import { useGovernor } from "../../../platform/push/governor.ts";
import { greetSubscribers } from "../../../platform/push/greet.ts";
import { type Message as Queued, type Resuming, useQueue } from "../../../platform/push/jobs.ts";
import { createMemory } from "../../../platform/push/memory.ts";
import { resume } from "../../../platform/push/resume.ts";
import { subscribe } from "../../../platform/realtime/subscription.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { stream as sample } from "../../domain/frame-samples.ts";

let streams = 0;

/** What the poster does with a message to a connection; by default it arrives. */
type Fate = (connectionId: string, message: Message) => PostResult;

/**
 * A stream on the real engine with the consumer's steps one by one, as many environments as a test
 * likes, and a poster that keeps what each connection got.
 */
export async function setStage() {
  const streamId = (++streams).toString(16).padStart(24, "b");
  const now = new Date();
  const inbox = new Map<string, Message[]>();
  let fate: Fate = () => "sent";
  const queued: Queued[] = [];
  useQueue({ send: async (message) => void queued.push(message) });
  useGovernor({ take: () => undefined, limitedAt: () => Number.NEGATIVE_INFINITY });
  usePoster({
    async post(connectionId, payload) {
      const message = JSON.parse(payload.bytes.toString());
      const result = fate(connectionId, message);
      if (result !== "sent") return result;
      inbox.set(connectionId, [...(inbox.get(connectionId) ?? []), message]);
      return "sent";
    },
    close: async () => "sent",
    probe: async () => "sent",
  });
  const put = (Item: Record<string, unknown>) =>
    table().send(new PutCommand({ TableName: tableName(), Item }));
  await put({ ...key.stream(streamId), ...sample, id: streamId });

  const room = (memory = createMemory(), at = now) => ({ streamId, now: at, memory });
  type Room = ReturnType<typeof room>;
  const got = (connectionId: string) => inbox.get(connectionId) ?? [];

  return {
    streamId,
    now,
    room,
    put,
    setFate: (next: Fate) => {
      fate = next;
    },
    append: (where: Room, ...records: LogRecord[]) => appendRecords(where, records),
    takeTexts: (where: Room, ...records: LogRecord[]) => takeTexts(where, records),
    deliver: (where: Room, upTo: number) => deliverFrames(where, upTo),
    /** All of one batch, as the consumer does it. */
    async push(where: Room, ...records: LogRecord[]): Promise<void> {
      const { head, made } = await appendRecords(where, records);
      await takeTexts(where, records);
      await deliverFrames(where, head, made);
    },
    /** Records a subscription; answers what the table's stream would say of it. */
    async ask(connectionId: string, wish: Partial<Subscriber> = {}): Promise<Subscriber> {
      const { userId = `user-of-${connectionId}`, since, requestId, connectedAt = 0 } = wish;
      const times = { connectedAt: connectedAt || now.getTime() - 60_000, tokenExpiresAt: 2e9 };
      await subscribe({ streamId, since, requestId, connectionId, userId, ...times }, now);
      return (await findSubscriber(streamId, connectionId))!;
    },
    /** Greets them as the consumer does, and lets those who are behind catch up. */
    async greet(where: Room, ...subscribers: Subscriber[]): Promise<void> {
      await greetSubscribers(where, subscribers);
      await this.catchUp(where);
    },
    /** What was put into the queues and not taken out. */
    queued,
    /** Does what the queue `resumes` asks, message after message, until it is empty. */
    async catchUp(where: Room): Promise<void> {
      for (let job = this.takeResume(); job !== undefined; job = this.takeResume())
        await resume(job, where);
    },
    takeResume(): Resuming | undefined {
      const at = queued.findIndex(({ queue }) => queue === "resumes");
      return at < 0 ? undefined : (queued.splice(at, 1)[0]!.job as Resuming);
    },
    got,
    frames: (connectionId: string) =>
      got(connectionId).flatMap((message) => (message.type === "events" ? [message.frame] : [])),
    answers: (connectionId: string, type: string) =>
      got(connectionId).filter((message) => message.type === type),
    /** A record of this stream, made by the clock of the table (seconds). */
    record(change: Omit<Change, "streamId">): LogRecord {
      return recordOf({ ...change, streamId }, "https://cdn.example.com/p.png")!;
    },
    /** Sets the user's ban, as bans/create and the lifting of a ban do. */
    async ban(userId: string, banId: string | null): Promise<LogRecord> {
      const ban = banId === null ? null : { id: banId, actionType: "BLOCK", endsAt: null };
      const { Attributes: old } = await table().send(
        new UpdateCommand({
          TableName: tableName(),
          Key: key.member(streamId, userId),
          UpdateExpression: "SET userId = :user, ban = :ban",
          ExpressionAttributeValues: { ":user": userId, ":ban": ban },
          ReturnValues: "ALL_OLD",
        }),
      );
      const next = { userId, ban };
      const before = old?.userId === undefined ? undefined : old;
      return this.record({ kind: "member", createdAt: seconds(now), old: before, new: next });
    },
  };
}

export const seconds = (at: Date) => Math.floor(at.getTime() / 1000);
