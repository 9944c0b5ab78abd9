import * as z from "zod";
import { WebhookId } from "../id.ts";
import { type EventType, eventData } from "../log/event.ts";
import { type UserEventType, userEventData } from "../log/user-event.ts";
import { rowsOf, shownText, Timestamp, text } from "../text.ts";

/** Who is sent events and is no webhook: the application of the Tencent side. */
export const tencentReceiver = "tencent";

/** Where deliveries go: a webhook, or `tencent` for the Tencent side's callbacks. */
export const ReceiverId = z
  .union([z.literal(tencentReceiver), WebhookId], {
    error: `expected the id of a webhook or ${tencentReceiver}`,
  })
  .meta({
    description: "The id of a webhook, or `tencent` for callbacks of the Tencent API",
    example: "65a1234bcde5678f90123456",
  });

/** The event that only its own route causes, to see whether a receiver works. */
export const testEvent = "webhook.test";

/** Everything that a webhook can be sent. */
const sentTypes = [
  ...(Object.keys(eventData) as EventType[]),
  ...(Object.keys(userEventData) as UserEventType[]),
  testEvent,
] as const;

/** Stands for every type, those of later versions too. */
const everyType = "*";

const typesMax = 40;

/** The type of an event, or all of them. */
const EventName = z
  .enum([...sentTypes, everyType], {
    error: `expected the type of an event, ${testEvent} or "${everyType}"`,
  })
  .meta({ id: "WebhookEventName" });

/** The types of events that a webhook is sent; naming one twice is naming it once. */
export const WebhookEvents = z
  .array(EventName, { error: `expected an array of 1 to ${typesMax} types of events` })
  .min(1, `expected 1 to ${typesMax} types of events`)
  .max(typesMax, `expected 1 to ${typesMax} types of events`)
  .transform((types) => [...new Set(types)])
  .meta({ example: ["gift.sent", "stream.ended"] });

/** What a webhook is for, in its owner's words. */
export const WebhookDescription = text(1, 500)
  .nullable()
  .meta({ description: "A free-text note; null for none", example: "Books gifts" });

/** Webhooks that there may be at once. */
export const webhooksMax = 20;

/** A webhook as stored, without its secrets, which lie apart. */
export const Webhook = z.object({
  id: WebhookId,
  url: shownText(500).meta({ format: "uri", example: "https://backend.example.com/ovation" }),
  events: rowsOf(shownText(50), typesMax).meta({ example: ["gift.sent", "stream.ended"] }),
  description: shownText(500).nullable().meta({ example: "Books gifts" }),
  /** False: nothing is sent, neither what happens meanwhile nor what was still to be repeated. */
  enabled: z.boolean(),
  createdAt: Timestamp,
});
export type Webhook = z.infer<typeof Webhook>;

/** A webhook as it is shown. */
export const ShownWebhook = Webhook.meta({ id: "Webhook" });

/** A secret as it is shown: once, and null where an Idempotency-Key repeats the call. */
export const ShownSecret = shownText(60)
  .nullable()
  .meta({
    description:
      "`whsec_` followed by 32 bytes in Base64. It is shown only once; null in a " +
      "replayed response (Idempotency-Key)",
    example: "whsec_pvSyRMDw5V4Oo2Zz4Uaz8Q5xLYvXjWmZ7WvBxP0n2Qk=",
  });

/** The answer to making a webhook, with its first secret. */
export const MadeWebhook = ShownWebhook.extend({ secret: ShownSecret }).meta({ id: "MadeWebhook" });

/** What is asked of a new webhook, once its URL is known to be one. */
type Wish = { url: string; events: string[]; description?: string | null | undefined };

/** A new webhook, enabled from the beginning. */
export const makeWebhook = (id: string, wish: Wish, now: Date): Webhook => ({
  id,
  url: wish.url,
  events: wish.events,
  description: wish.description ?? null,
  enabled: true,
  createdAt: now.toISOString(),
});

/** The webhook after a change; what is left out stays. */
export function changeWebhook(
  webhook: Webhook,
  change: { [Field in keyof Webhook]?: Webhook[Field] | undefined },
): Webhook {
  const fields = Object.entries(change).filter(([, value]) => value !== undefined);
  return { ...webhook, ...Object.fromEntries(fields) };
}

/** Whether a webhook is sent events of this type. */
export const wants = ({ enabled, events }: Pick<Webhook, "enabled" | "events">, type: string) =>
  enabled && (events.includes(type) || events.includes(everyType));

/** A secret, and until when it signs (ISO 8601); the newest one has no end. */
export const Secret = z.object({ secret: z.string(), until: Timestamp.optional() });
export type Secret = z.infer<typeof Secret>;

/** How long a secret signs along with its successor. */
const overlapMilliseconds = 24 * 3_600_000;

/** Secrets that sign at once: who rotates more often within a day loses the oldest. */
const secretsMax = 10;

/** The secrets that sign now, newest first. */
export const currentSecrets = (secrets: readonly Secret[], now: Date): Secret[] =>
  secrets.filter(({ until }) => until === undefined || Date.parse(until) > now.getTime());

/** The secrets with a new one, newest first, and until when the one before it signs. */
export function rotateSecrets(secrets: readonly Secret[], secret: string, now: Date) {
  const previousUntil = new Date(now.getTime() + overlapMilliseconds).toISOString();
  const before = currentSecrets(secrets, now).map((one) => ({ until: previousUntil, ...one }));
  return { secrets: [{ secret }, ...before].slice(0, secretsMax), previousUntil };
}

/** An event on its way to receivers: what a frame says of it, with the stream in its data. */
export const OutgoingEvent = z.object({
  id: z.string(),
  type: z.string(),
  /** When it happened, ISO 8601. */
  at: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type OutgoingEvent = z.infer<typeof OutgoingEvent>;
