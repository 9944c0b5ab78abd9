import * as z from "zod";
import { StreamId, WebhookId } from "../../domain/id.ts";
import { type EventType, eventData } from "../../domain/log/event.ts";
import { type UserEventType, userEventData } from "../../domain/log/user-event.ts";
import { shownText, Timestamp } from "../../domain/text.ts";
import { EventId } from "../../domain/webhooks/delivery.ts";
import { testEvent } from "../../domain/webhooks/webhook.ts";

/** The headers of a delivery in addition to `content-type` and `user-agent: Ovation`. */
const Headers = z.object({
  "webhook-id": EventId.meta({
    description: "The event's id, as in frames; the same for every attempt and resend",
  }),
  "webhook-timestamp": shownText(20).meta({
    description: "When this attempt was sent, in seconds since the Unix epoch",
  }),
  "webhook-signature": shownText(1000).meta({
    description:
      "`v1,` followed by the Base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`; " +
      "one signature per secret, separated by spaces (Standard Webhooks 1.0.0)",
  }),
});

const bodyOf = (type: string, data: z.ZodType) =>
  z.object({
    type: z.literal(type),
    timestamp: Timestamp.meta({ description: "When the event happened" }),
    data,
  });

const inStream = { streamId: StreamId };

/** The data of a webhook's event: its data in a frame, with the stream if that is not included. */
const dataOf = (type: EventType) =>
  type === "chat.message"
    ? eventData[type].extend({
        deleted: z.literal(true).optional().meta({
          description: "The message has been deleted since, so `content` is empty",
        }),
      })
    : eventData[type].extend(inStream);

const bodies: [string, z.ZodType, string][] = [
  ...(Object.keys(eventData) as EventType[]).map((type): [string, z.ZodType, string] => [
    type,
    bodyOf(type, dataOf(type)),
    eventData[type].meta()?.description ?? type,
  ]),
  ...(Object.keys(userEventData) as UserEventType[]).map((type): [string, z.ZodType, string] => [
    type,
    bodyOf(type, userEventData[type]),
    userEventData[type].meta()?.description ?? type,
  ]),
  [
    testEvent,
    bodyOf(testEvent, z.object({ webhookId: WebhookId, streamId: z.null() })),
    "Sent only by `POST /api/v1/webhooks/{id}/test`",
  ],
];

/**
 * The messages that webhooks receive, by their names in the document: `webhook.` and the type.
 */
export const webhookMessages = bodies.map(([type, payload, summary]) => ({
  name: type === testEvent ? type : `webhook.${type}`,
  summary,
  payload,
  headers: Headers,
}));
