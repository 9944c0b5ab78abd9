import * as z from "zod";
import { DeliveryId, objectIdOf } from "../id.ts";
import { dataWithoutText, messageIn } from "../log/event.ts";
import { PageInfo } from "../page.ts";
import { rowsOf, shownText, Timestamp } from "../text.ts";
import type { OutgoingEvent } from "./webhook.ts";

/** The id of an event: the id of its record, and its position there if it is not the first. */
export const EventId = shownText(200);

const status = z.enum(["pending", "delivered", "failed"]);

/**
 * The state of one event's delivery to one receiver, stored from its first attempt on, for a week.
 */
export const Delivery = z.object({
  id: DeliveryId,
  eventId: z.string(),
  type: z.string(),
  /** When the event happened. */
  createdAt: Timestamp,
  /** The text of the request, which retries send again. */
  body: z.string(),
  attempts: z.number().int(),
  /** Attempts on schedule; manual resends do not count. */
  step: z.number().int(),
  status,
  statusCode: z.number().int().optional(),
  error: z.string().optional(),
  nextAttemptAt: Timestamp.optional(),
  /** The stream and the message whose text is in the body. */
  message: z.object({ streamId: z.string(), id: z.string() }).optional(),
  /** True for requests that must not be sent again, because each has its own effects. */
  once: z.boolean().optional(),
  /** Seconds since 1970. */
  expiresAt: z.number().int(),
});
export type Delivery = z.infer<typeof Delivery>;

/** Deliveries are kept for a week after their event. */
const keptSeconds = 7 * 24 * 3600;

/** A delivery as lists show it. */
const ListedDelivery = z
  .object({
    id: DeliveryId,
    eventId: EventId.meta({ example: "gift:65a1234bcde5678f90123456" }),
    type: shownText(50).meta({ example: "gift.sent" }),
    createdAt: Timestamp.meta({ description: "When the event happened" }),
    attempts: z.number().int().min(0).meta({ example: 2 }),
    status: status.meta({
      description: "`failed` after the last scheduled attempt",
      example: "pending",
    }),
    statusCode: z.number().int().nullable().meta({
      description: "The HTTP status of the last response; null if there was none",
      example: 503,
    }),
    error: shownText(200).nullable().meta({
      description: "Why the last attempt failed; null if it did not fail",
      example: "The answer was 503",
    }),
    nextAttemptAt: Timestamp.nullable().meta({
      description: "When the next attempt is due; null if none is scheduled",
      example: "2026-01-15T10:30:30.000Z",
    }),
  })
  .meta({ id: "WebhookDelivery" });

export const DeliveryPage = z.object({ list: rowsOf(ListedDelivery), pageInfo: PageInfo });

/** A delivery as it is listed. */
export const listedDeliveryOf = (delivery: Delivery): z.infer<typeof ListedDelivery> => ({
  id: delivery.id,
  eventId: delivery.eventId,
  type: delivery.type,
  createdAt: delivery.createdAt,
  attempts: delivery.attempts,
  status: delivery.status,
  statusCode: delivery.statusCode ?? null,
  error: delivery.error ?? null,
  nextAttemptAt: delivery.nextAttemptAt ?? null,
});

/** The outcome of an attempt: a status, or the error that prevented one. */
export type Outcome = {
  isDone: boolean;
  statusCode?: number | undefined;
  error?: string;
  /** The response timed out. */
  isLate?: boolean;
  /** The receiver is gone and disabled: it gets no other attempt. */
  isGone?: boolean;
};

const minute = 60;
const hour = 60 * minute;

/** The retry schedule: seconds from a failed attempt to the next; after the last, it has failed. */
const delays = [
  5,
  30,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  8 * hour,
];

/**
 * Seconds to wait after this many scheduled attempts (1, 2, 3 …), undefined after the last.
 * `chance` (0 to 1) adds jitter of -20 % to +15 %, so that recovering receivers do not get
 * everything at once. With the time that the queues add, the whole wait stays within the ±20 % of
 * docs/webhooks.md.
 */
function delayAfter(step: number, chance: number): number | undefined {
  const seconds = delays[step - 1];
  return seconds && Math.floor(seconds * (0.8 + 0.35 * chance));
}

/** A delivery with the outcome of its newest attempt instead of the previous one. */
function withOutcome(delivery: Delivery, { statusCode, error }: Outcome): Delivery {
  const attempts = delivery.attempts + 1;
  return { ...delivery, attempts, statusCode, error, nextAttemptAt: undefined };
}

/** Inputs of the decision on the next attempt. */
type AttemptFacts = { now: Date; chance: number };

/** A delivery after a scheduled attempt. Once delivered, it stays delivered. */
export function afterAttempt(
  delivery: Delivery,
  outcome: Outcome,
  { now, chance }: AttemptFacts,
): Delivery {
  const made = { ...withOutcome(delivery, outcome), step: delivery.step + 1 };
  if (outcome.isDone || delivery.status === "delivered") return { ...made, status: "delivered" };
  const seconds = outcome.isGone ? undefined : delayAfter(made.step, chance);
  if (seconds === undefined) return { ...made, status: "failed" };
  return { ...made, status: "pending", nextAttemptAt: later(now, seconds) };
}

/** A delivery after a manual resend; a failed resend changes nothing else. */
export function afterResending(delivery: Delivery, outcome: Outcome): Delivery {
  const made = withOutcome(delivery, outcome);
  if (outcome.isDone) return { ...made, status: "delivered" };
  return { ...made, nextAttemptAt: delivery.nextAttemptAt };
}

/**
 * A delivery whose receiver was disabled or deleted: no attempt follows. One that a manual resend
 * has delivered since stays delivered.
 */
export function afterDisabling(before: Delivery): Delivery {
  if (before.status !== "pending") return before;
  const error = "The receiver is disabled or deleted";
  return { ...before, status: "failed", error, nextAttemptAt: undefined };
}

/** A blocking callback without a usable response. It is not retried: its gift is refused. */
export const afterFailedCallback = (
  delivery: Delivery,
  outcome: { statusCode?: number | undefined; error: string },
): Delivery => ({
  ...withOutcome(delivery, { isDone: false, ...outcome }),
  status: "failed",
  once: true,
});

/** A delivery whose first attempt has to wait. */
export const postponed = (delivery: Delivery, { now, chance }: AttemptFacts): Delivery => ({
  ...delivery,
  nextAttemptAt: later(now, delayAfter(1, chance)!),
});

const later = (now: Date, seconds: number) =>
  new Date(now.getTime() + seconds * 1000).toISOString();

/** An event's delivery before its first attempt. */
export function makeDelivery(
  id: string,
  event: Pick<OutgoingEvent, "id" | "type" | "at">,
  body: string,
  message?: Delivery["message"],
): Delivery {
  return {
    id,
    eventId: event.id,
    type: event.type,
    createdAt: event.at,
    body,
    attempts: 0,
    step: 0,
    status: "pending",
    ...(message && { message }),
    expiresAt: Math.floor(Date.parse(event.at) / 1000) + keptSeconds,
  };
}

/**
 * The id of an event's delivery, the same no matter how often the event arrives: the event's time
 * in milliseconds, then a digest of receiver and event (hex, 13 digits or more). So ids sort by
 * time.
 */
export function deliveryIdOf(at: string, digest: string): string {
  const time = Date.parse(at);
  const milliseconds = (time % 1000).toString(16).padStart(3, "0");
  const counter = Number.parseInt(digest.slice(7, 13), 16);
  return objectIdOf(Math.floor(time / 1000), milliseconds + digest.slice(0, 7), counter);
}

/** The body of a webhook request: the form that Standard Webhooks recommends. */
export const bodyOf = ({ type, at, data }: OutgoingEvent): string =>
  JSON.stringify({ type, timestamp: at, data });

/** The message whose text is in an event's data. */
export function messageRefOf(event: OutgoingEvent): Delivery["message"] {
  const message = messageIn(event) as { _id?: unknown } | undefined;
  return message && { streamId: String(event.data.streamId), id: String(message._id) };
}

/** A delivery whose message was deleted; unchanged if none of its text was left. */
export function withoutText(delivery: Delivery): Delivery {
  const body = withoutContent(delivery.body);
  return body === delivery.body ? delivery : { ...delivery, body };
}

/** The body for a message that was deleted, without its content. */
export function withoutContent(body: string): string {
  const sent = JSON.parse(body) as { type: string; data: Record<string, unknown> };
  return JSON.stringify({ ...sent, data: dataWithoutText(sent) });
}
