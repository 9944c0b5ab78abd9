import { expect, test } from "@jest/globals";
import type { LogRecord } from "../../../domain/log/event.ts";
import { type Frame, idOfEvent } from "../../../domain/log/frame.ts";
import type { OutgoingEvent } from "../../../domain/webhooks/webhook.ts";
import { feedRecords } from "../../../platform/push/feed.ts";

const at = "2026-11-22T12:00:00.000Z";
const train = (id: string, type: string, status: string) => ({
  ...{ id, type, at },
  data: { kind: "train", status },
});

test("webhooks are sent what a log finds out in the order in which viewers are shown it", async () => {
  const records = [
    { id: "gift", gift: {}, events: [{ type: "gift.sent", at, data: {} }] },
    { id: "switch", trains: {}, events: [] },
    { id: "end", events: [{ type: "stream.ended", at, data: {} }] },
  ] as unknown as LogRecord[];
  const [gift, end] = [idOfEvent("gift", 0), idOfEvent("end", 0)];
  const frameOf = (n: number, events: object[]) =>
    ({ n, body: JSON.stringify({ events }) }) as unknown as Frame;
  const newFrames = [
    frameOf(8, [
      { id: gift, type: "gift.sent", at, data: {} },
      train("started", "moment.started", "open"),
    ]),
    frameOf(9, [
      train("cancelled", "moment.ended", "cancelled"),
      { id: end, type: "stream.ended", at, data: {} },
    ]),
  ];
  const covering = new Map(Object.entries({ gift: 8, switch: 9, end: 9 }));
  const sent: string[] = [];
  const feed = {
    asks: async () => ({ isThere: true, wants: true }),
    send: async (_: string, events: readonly OutgoingEvent[]) => {
      sent.push(...events.map(({ id }) => id));
    },
    recordDeletions: async () => undefined,
    forget: async () => undefined,
    sendAboutUsers: async () => undefined,
    sendRoom: async () => undefined,
  };
  await feedRecords(feed, { streamId: "s", now: new Date() }, records, { newFrames, covering });
  expect(sent).toEqual([gift, "started", "cancelled", end]);
});
