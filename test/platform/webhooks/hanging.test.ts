/** A receiver that hangs for 110 s and then answers: by a moved clock, in the time of its calls. */
import { jest } from "@jest/globals";
import { listDeliveries } from "../../../platform/store/webhooks/deliveries.ts";
import { queueEvents } from "../../../platform/webhooks/jobs.ts";
import type { Received, Reply } from "../../api/receiver.ts";
import { setClock } from "../clock.ts";
import { useQueues } from "./queues.ts";
import { message, useReceivers } from "./receivers.ts";

const { receiver } = useReceivers();
const { queues, store, startDelivery, runRetries, left } = useQueues();

afterEach(() => void jest.restoreAllMocks());

const seconds = 1_000;
const sent = { streams: 8, events: 48, within: 50 * seconds };
const hangs = 110 * seconds;
const answerMax = 10 * seconds;

/**
 * Hangs until a moment: what has waited 10 s by then is not answered. A call ends on its own clock,
 * which the test's loop sets back, so that calls of several lanes take the same time.
 */
const hangUntil =
  (end: number) =>
  (request: Received): Reply => {
    const began = Number(request.headers["webhook-timestamp"]) * seconds;
    setClock(Math.max(Date.now(), Math.min(began + answerMax, end)));
    return isUnanswered(began, end) ? "never" : 200;
  };
const isUnanswered = (began: number, end: number) => began + answerMax < end;

/** A call that will not be answered takes 200 ms instead of 10 s; the others keep their limit. */
function shortenHanging(end: number): void {
  const { timeout } = AbortSignal;
  jest.spyOn(AbortSignal, "timeout").mockImplementation((milliseconds) => {
    const began = Math.floor(Date.now() / seconds) * seconds;
    return timeout.call(AbortSignal, isUnanswered(began, end) ? 200 : milliseconds);
  });
}

test("48 events to a receiver that hangs for 110 s all arrive, and none stays pending", async () => {
  const began = Date.now();
  shortenHanging(began + hangs);
  const { inbox, receiverId } = await receiver(hangUntil(began + hangs));
  const feeds = Array.from({ length: sent.events }, (_, n) => ({
    at: began + (n * sent.within) / sent.events,
    streamId: `65a1234bcde5678f9012345${n % sent.streams}`,
  }));
  const calls: { end: number; done: () => void }[] = [];
  /** The next moment at which something happens. */
  const findNext = () =>
    Math.min(
      ...[...feeds.map(({ at }) => at), ...calls.map(({ end }) => end)],
      ...Object.values(queues).map((queue) => store().findNextVisible(queue) ?? Infinity),
    );
  let now = began;
  const isOver = () => feeds.length === 0 && left() === 0;
  while (!isOver() && now < began + hangs + 600 * seconds) {
    now = Math.max(now, findNext());
    setClock(now);
    for (const call of calls.filter(({ end }) => end <= now)) {
      call.done();
      calls.splice(calls.indexOf(call), 1);
    }
    for (; feeds[0] !== undefined && feeds[0].at <= now; feeds.shift()) {
      const events = [{ ...message("words"), at: new Date(now).toISOString() }];
      await queueEvents(feeds[0].streamId, [{ receiver: { id: receiverId }, events }]);
    }
    await runRetries();
    for (let call = await startDelivery(); call; call = await startDelivery()) {
      calls.push({ end: Date.now(), done: call.done });
      setClock(now);
    }
  }
  const all = await listDeliveries(receiverId, 100);
  expect(all).toHaveLength(sent.events);
  expect(all.filter(({ status }) => status !== "delivered")).toEqual([]);
  const come = new Set(inbox.received.map(({ headers }) => headers["webhook-id"]));
  expect(come.size).toBe(sent.events);
  expect(left()).toBe(0);
});
