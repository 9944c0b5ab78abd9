import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Message } from "../../../client/message.ts";
import { recordOf } from "../../../domain/log/change.ts";
import type { ItemChange, LogRecord } from "../../../domain/log/event.ts";
import type { Subscriber } from "../../../domain/log/subscriber.ts";
import { appendRecords, frameAll } from "../../../platform/push/append.ts";
import type { Audience, Outlet } from "../../../platform/push/audience.ts";
import { confirmSubscribers } from "../../../platform/push/confirm.ts";
import { deliverFrames } from "../../../platform/push/deliver.ts";
import type { PostResult } from "../../../platform/push/gateway.ts";
import { createJobs, type Message as Queued, type ResumeJob } from "../../../platform/push/jobs.ts";
import { removeDead } from "../../../platform/push/post.ts";
import { createPushCache } from "../../../platform/push/push-cache.ts";
import { resume } from "../../../platform/push/resume.ts";
import { subscribe } from "../../../platform/realtime/subscription.ts";
import {
  connectionExpiry,
  findConnection,
  putConnection,
} from "../../../platform/store/log/connections.ts";
import { findSubscriber } from "../../../platform/store/log/subscribers.ts";
import { type Key, key } from "../../../platform/table/keys.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { stream as sample } from "../../domain/frame-samples.ts";
import { freeGovernor, posterWith } from "./posters.ts";

let streams = 0;

/** What the poster does with a message to a connection; by default it arrives. */
type Fate = (connectionId: string, message: Message) => PostResult;

/**
 * A stream on the real engine with the consumer's steps one by one, as many environments as a test
 * likes, and a poster that keeps what each connection got.
 */
export async function setScene() {
  const streamId = (++streams).toString(16).padStart(24, "b");
  const now = new Date();
  const inbox = new Map<string, Message[]>();
  let fate: Fate = () => "sent";
  const queued: Queued[] = [];
  /** What all environments post and queue with; a test may replace its parts. */
  const outlet: Outlet = {
    poster: posterWith({
      async post(connectionId, payload) {
        const message = JSON.parse(payload.bytes.toString());
        const result = fate(connectionId, message);
        if (result !== "sent") return result;
        inbox.set(connectionId, [...(inbox.get(connectionId) ?? []), message]);
        return "sent";
      },
    }),
    governor: freeGovernor,
    jobs: createJobs(async (message) => void queued.push(message)),
  };
  const put = (Item: Record<string, unknown>) =>
    table().send(new PutCommand({ TableName: tableName(), Item }));
  await put({ ...key.stream(streamId), ...sample, id: streamId });

  const audience = (cache = createPushCache(), at = now) => ({ streamId, now: at, cache, outlet });
  const messagesTo = (connectionId: string) => inbox.get(connectionId) ?? [];

  return {
    streamId,
    now,
    outlet,
    audience,
    put,
    setFate: (next: Fate) => {
      fate = next;
    },
    append: (where: Audience, ...records: LogRecord[]) => appendRecords(where, records),
    deliver: (where: Audience, head: number) => deliverFrames(where, { head }),
    /** Pushes a whole batch, as the consumer does. */
    async push(where: Audience, ...records: LogRecord[]): Promise<void> {
      await deliverFrames(where, await frameAll(where, records));
      await removeDead(where);
    },
    /** Records a subscription; returns what the table's stream would report. */
    async ask(connectionId: string, request: Partial<Subscriber> = {}): Promise<Subscriber> {
      const { userId = `user-of-${connectionId}`, since, requestId, connectedAt = 0 } = request;
      const own = { connectionId, userId, connectedAt: connectedAt || now.getTime() - 60_000 };
      const times = { tokenExpiresAt: 2e9, expiresAt: connectionExpiry(own.connectedAt) };
      if (!(await findConnection(connectionId))) await putConnection({ ...own, ...times });
      await subscribe({ streamId, since, requestId, ...own }, now);
      return (await findSubscriber(streamId, connectionId))!;
    },
    /** Confirms subscriptions as the consumer does, and lets those that are behind catch up. */
    async confirm(where: Audience, ...subscribers: Subscriber[]): Promise<void> {
      await this.confirmOnly(where, ...subscribers);
      await this.catchUp(where);
    },
    /** Confirms subscriptions as the consumer does; those that are behind wait in the queue. */
    confirmOnly: (where: Audience, ...subscribers: Subscriber[]) =>
      confirmSubscribers(where, subscribers),
    /** Messages that were put into the queues and not taken out. */
    queued,
    /** Does what the queue `resumes` asks, message after message, until it is empty. */
    async catchUp(where: Audience): Promise<void> {
      for (let job = this.takeResume(); job !== undefined; job = this.takeResume())
        await resume(where, job);
    },
    takeResume(): ResumeJob | undefined {
      const at = queued.findIndex(({ queue }) => queue === "resumes");
      return at < 0 ? undefined : (queued.splice(at, 1)[0]!.job as ResumeJob);
    },
    messagesTo,
    frames: (connectionId: string) =>
      messagesTo(connectionId).flatMap((message) =>
        message.type === "events" ? [message.frame] : [],
      ),
    answers: (connectionId: string, type: string) =>
      messagesTo(connectionId).filter((message) => message.type === type),
    /** A record of this stream, made by the clock of the table (seconds). */
    record(change: Omit<ItemChange, "streamId">): LogRecord {
      return recordOf({ ...change, streamId }, "https://cdn.example.com/p.png")!;
    },
    /** Sets the user's ban, as bans/create and the lifting of a ban do. */
    async ban(userId: string, banId: string | null): Promise<LogRecord> {
      const ban = banId === null ? null : { id: banId, actionType: "BLOCK", endsAt: null };
      const set = (Key: Key) =>
        new UpdateCommand({
          TableName: tableName(),
          Key,
          UpdateExpression: "SET userId = :user, ban = :ban",
          ExpressionAttributeValues: { ":user": userId, ":ban": ban },
          ReturnValues: "ALL_OLD",
        });
      await table().send(set(key.sender(streamId, userId)));
      const { Attributes: old } = await table().send(set(key.member(streamId, userId)));
      const next = { userId, ban };
      const before = old?.userId === undefined ? undefined : old;
      return this.record({ kind: "member", createdAt: seconds(now), old: before, new: next });
    },
  };
}

export const seconds = (at: Date) => Math.floor(at.getTime() / 1000);
