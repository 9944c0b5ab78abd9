import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { jest } from "@jest/globals";
import { type Refusal, refuse } from "../../../domain/refusal.ts";
import type { Stream } from "../../../domain/streams/stream.ts";
import { millisecondsLeft, setDeadline, TimeoutError } from "../../../platform/runtime/deadline.ts";
import { newId } from "../../../platform/runtime/id.ts";
import { recordGiftType } from "../../../platform/store/money/gift-types.ts";
import { sweepOverdue } from "../../../platform/store/money/sweep.ts";
import { chargeGift } from "../../../platform/store/tencent/gift-callbacks.ts";
import type { Item } from "../../../platform/table/items.ts";
import { table, tableName } from "../../../platform/table/table.ts";
import { callbackAnswerOf } from "../../../platform/tencent/receiver.ts";
import { setClock } from "../clock.ts";
import { intercept } from "../intercept.ts";
import { useQueue } from "../queue-double.ts";
import { forget, giftTypeOf } from "../wallet-people.ts";

/**
 * The outcome of one write of a callback's call: `done`; done, but answered too late (`late`);
 * done, never answered (`lost`); not done, never answered (`none`).
 */
export const fates = ["done", "late", "lost", "none"] as const;
export type Fate = (typeof fates)[number];

/** Fates of the next writes to marks of calls; all others are done. */
let planned: Fate[] = [];
/** What happens between the decision on the next write to a mark and that write. */
let meanwhile: (() => Promise<unknown>) | undefined;
let queue: ReturnType<typeof useQueue>;

/** Gives the functions of callbacks a queue, and their writes the fates that a test plans. */
export function useCallbackGifts(): void {
  queue = useQueue("REVERSALS_QUEUE_URL", "COMBOS_QUEUE_URL");
  beforeAll(() => {
    intercept(async ({ name, input }, next) => {
      if (millisecondsLeft() <= 0) refuse("unavailable");
      const isWrite = /^(Put|Update|TransactWrite)/.test(name);
      if (!isWrite || !JSON.stringify(input).includes("CALL#")) return next();
      const before = meanwhile;
      meanwhile = undefined;
      await before?.();
      const fate = planned.shift() ?? "done";
      const answer = fate === "none" ? undefined : await next();
      if (fate !== "done") setDeadline(0);
      if (fate === "lost" || fate === "none" || answer === undefined) throw new TimeoutError(0);
      return answer;
    });
  });
  afterEach(() => {
    planned = [];
    setDeadline(Number.POSITIVE_INFINITY);
  });
}

/** Runs something after the next write to a mark was decided on, and right before it is sent. */
export function beforeNextWrite(act: () => Promise<unknown>): void {
  meanwhile = act;
}

/** Takes the messages that were sent to the queues, as their readers get them. */
export const takeMessages = () => queue.take().map(({ body }) => JSON.parse(body));

/** A gift type that callbacks can name. */
export async function knownGiftType(credits: number) {
  const type = giftTypeOf(credits);
  await recordGiftType(type, forget(undefined));
  return type;
}

type Asking = {
  GiftId: string;
  to?: string[];
  Time?: number;
  dedupeSeconds?: number;
  now?: Date;
  /** Milliseconds that the call has. */
  within?: number;
};

/** Asks about one gift as a callback does, with fates for its writes; answers the code. */
export async function ask(stream: Stream, from: string, asking: Asking, ...fate: Fate[]) {
  const { to = [stream.hostId], GiftId, Time, dedupeSeconds = 0, now = new Date() } = asking;
  planned = [...fate];
  // Without its own timeout a call may take as long as a busy machine needs.
  if (asking.within === undefined) setClock(Date.now());
  setDeadline(asking.within ?? 60_000);
  const GiftWater = { From_Account: from, To_Account: to, GiftId, Count: 1, Time };
  const request = { RoomId: stream.id, GiftWater };
  const tell = (refusal: Refusal) => ({ ...callbackAnswerOf(refusal), name: refusal.code });
  const callId = newId(now);
  const { errorCode } = await chargeGift({ request, callId, dedupeSeconds, tell, now });
  planned = [];
  setDeadline(Number.POSITIVE_INFINITY);
  jest.useRealTimers();
  return errorCode;
}

/** The marks of all calls of these senders, as the table's stream reports them. */
export async function marksOf(senders: readonly string[]): Promise<Item[]> {
  const { Items = [] } = await table().send(
    new ScanCommand({
      TableName: tableName(),
      ConsistentRead: true,
      FilterExpression: "begins_with(PK, :calls)",
      ExpressionAttributeValues: { ":calls": "CALL#" },
    }),
  );
  return (Items as Item[]).filter(({ PK }) => senders.includes(PK.slice("CALL#".length)));
}

/** Runs the sweep as if two minutes had passed: all that is held is overdue. */
export const sweepLater = () => sweepOverdue(new Date(Date.now() + 120_000));
