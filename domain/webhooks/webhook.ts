import * as z from "zod";
import { WebhookId } from "../id.ts";
import { type EventType, eventData } from "../log/event.ts";
import { type UserEventType, userEventData } from "../log/user-event.ts";
import { refuse } from "../refusal.ts";
import { rowsOf, shownText, Timestamp, text } from "../text.ts";

/** The id of the only receiver that is not a webhook: the application of the Tencent API. */
export const tencentReceiver = "tencent";

/** Where deliveries go: a webhook, or `tencent` for the Tencent API's callbacks. */
export const ReceiverId = z
  .union([z.literal(tencentReceiver), WebhookId], {
    error: `expected the id of a webhook or ${tencentReceiver}`,
  })
  .meta({
    description: "The id of a webhook, or `tencent` for callbacks of the Tencent API",
    example: "65a1234bcde5678f90123456",
  });

/** The event that only its own route sends, to test whether a receiver works. */
export const testEvent = "webhook.test";

/** All event types that a webhook can receive. */
const sentTypes = [
  ...(Object.keys(eventData) as EventType[]),
  ...(Object.keys(userEventData) as UserEventType[]),
  testEvent,
] as const;

/** Stands for every type, including those of later versions. */
const everyType = "*";

const typesMax = 40;

/** The type of an event, or all of them. */
const EventName = z
  .enum([...sentTypes, everyType], {
    error: `expected the type of an event, ${testEvent} or "${everyType}"`,
  })
  .meta({ id: "WebhookEventName" });

/** The event types that a webhook receives; duplicates are ignored. */
export const WebhookEvents = z
  .array(EventName, { error: `expected an array of 1 to ${typesMax} types of events` })
  .min(1, `expected 1 to ${typesMax} types of events`)
  .max(typesMax, `expected 1 to ${typesMax} types of events`)
  .transform((types) => [...new Set(types)])
  .meta({ example: ["gift.sent", "stream.ended"] });

/** The purpose of a webhook, in its owner's words. */
export const WebhookDescription = text(1, 500)
  .nullable()
  .meta({ description: "A free-text note; null for none", example: "Books gifts" });

/** The largest number of webhooks. */
export const webhooksMax = 20;

/** A webhook as stored, without its secrets, which are stored separately. */
export const Webhook = z.object({
  id: WebhookId,
  url: shownText(500).meta({ format: "uri", example: "https://backend.example.com/ovation" }),
  events: rowsOf(shownText(50), typesMax).meta({ example: ["gift.sent", "stream.ended"] }),
  description: shownText(500).nullable().meta({ example: "Books gifts" }),
  /** False: nothing is sent, neither new events nor pending retries. */
  enabled: z.boolean(),
  createdAt: Timestamp,
});
export type Webhook = z.infer<typeof Webhook>;

/** A webhook as the API shows it. */
export const ShownWebhook = Webhook.meta({ id: "Webhook" });

/** A secret as the API shows it: once, and null if an Idempotency-Key repeats the call. */
export const ShownSecret = shownText(60)
  .nullable()
  .meta({
    description:
      "`whsec_` followed by 32 bytes in Base64. It is shown only once; null in a " +
      "replayed response (Idempotency-Key)",
    example: "whsec_pvSyRMDw5V4Oo2Zz4Uaz8Q5xLYvXjWmZ7WvBxP0n2Qk=",
  });

/** The response that creates a webhook, with its first secret. */
export const MadeWebhook = ShownWebhook.extend({ secret: ShownSecret }).meta({ id: "MadeWebhook" });

/** The input for a new webhook, once its URL is validated. */
type Wish = { url: string; events: string[]; description?: string | null | undefined };

/** A new webhook, initially enabled. */
export const makeWebhook = (id: string, wish: Wish, now: Date): Webhook => ({
  id,
  url: wish.url,
  events: wish.events,
  description: wish.description ?? null,
  enabled: true,
  createdAt: now.toISOString(),
});

/** The webhook after a change; omitted fields stay. */
export function changeWebhook(
  webhook: Webhook,
  change: { [Field in keyof Webhook]?: Webhook[Field] | undefined },
): Webhook {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...webhook, ...Object.fromEntries(fields) };
}

/** Whether a webhook receives events of this type. */
export const isSubscribedTo = (
  { enabled, events }: Pick<Webhook, "enabled" | "events">,
  type: string,
) => enabled && (events.includes(type) || events.includes(everyType));

/** A secret, and until when it signs (ISO 8601); the newest one has no end. */
export const Secret = z.object({ secret: z.string(), until: Timestamp.optional() });
export type Secret = z.infer<typeof Secret>;

/** How long an old secret signs along with its successor. */
const overlapMilliseconds = 24 * 3_600_000;

/** The most rotations of a webhook's secret within 24 hours: each old secret signs, too. */
const rotationsMax = 9;

/** The secrets that currently sign, newest first. */
export const currentSecrets = (secrets: readonly Secret[], now: Date): Secret[] =>
  secrets.filter(({ until }) => until === undefined || Date.parse(until) > now.getTime());

/**
 * The secrets with a new one, newest first, and until when the previous one signs. Refuses with
 * `rotated_too_often`.
 */
export function rotateSecrets(secrets: readonly Secret[], secret: string, now: Date) {
  const previousUntil = new Date(now.getTime() + overlapMilliseconds).toISOString();
  const before = currentSecrets(secrets, now).map((one) => ({ until: previousUntil, ...one }));
  if (before.length > rotationsMax) refuse("rotated_too_often", { max: rotationsMax });
  return { secrets: [{ secret }, ...before], previousUntil };
}

/** An event on its way to receivers: as in a frame, with the stream in its data. */
export const OutgoingEvent = z.object({
  id: z.string(),
  type: z.string(),
  /** When it happened, ISO 8601. */
  at: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type OutgoingEvent = z.infer<typeof OutgoingEvent>;
