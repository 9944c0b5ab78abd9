import { callbackUrl } from "../../domain/tencent/callback.ts";
import { bodyOf, type Delivery } from "../../domain/webhooks/delivery.ts";
import {
  currentSecrets,
  type OutgoingEvent,
  type Secret,
  tencentReceiver,
} from "../../domain/webhooks/webhook.ts";
import { setting } from "../runtime/env.ts";
import { findCallbacks } from "../store/tencent/callbacks.ts";
import {
  disableWebhook,
  findDeletions,
  findSecrets,
  findStoredTarget,
  findWebhook,
  getWebhook,
  type MessageRef,
  type StoredTarget,
} from "../store/webhooks/webhooks.ts";
import { signatureOf } from "./signature.ts";

/** A receiver of events: a webhook, or the application of the Tencent API. */
export type Receiver = {
  id: string;
  /** The body for an event, which stays the same for all of its attempts. */
  bodyOf(event: OutgoingEvent): string;
  /** Where a delivery is posted, with which headers; undefined if it must not be sent any more. */
  addressOf(
    delivery: Pick<Delivery, "eventId" | "type" | "body">,
    now: Date,
  ): { url: string; headers: Record<string, string> } | undefined;
  /**
   * Ends all attempts, for receivers that can answer that they are gone (410). False if the
   * receiver was changed meanwhile: the answer may have come from its former URL.
   */
  disable?(): Promise<boolean>;
};

/** The current receiver, read consistently; undefined if it does not exist (any more). */
export const findReceiver = (id: string): Promise<Receiver | undefined> =>
  id === tencentReceiver ? findApplication() : findHook(id);

/** Which types of events a receiver takes now; refuses with `webhook_not_found`. */
export async function readSubscribedTypes(id: string): Promise<(type: string) => boolean> {
  if (id === tencentReceiver) {
    const callbacks = await findCallbacks();
    return (type) => callbacks?.CallbackCommandList.includes(type) === true;
  }
  const { enabled } = await getWebhook(id);
  return () => enabled;
}

const agent = { "user-agent": "Ovation" };

async function findHook(id: string): Promise<Receiver | undefined> {
  const [webhook, secrets] = await Promise.all([findWebhook(id), findSecrets(id)]);
  return receiverOf(webhook, secrets);
}

/** The receiver of deliveries, and the texts that must no longer be sent. */
export type DeliveryTarget = { receiver: Receiver | undefined; deleted: ReadonlySet<string> };

/**
 * The receiver as in `findReceiver`, and which of these messages are deleted: a single read for a
 * webhook whose slot is known.
 */
export async function findDeliveryTarget(
  { receiverId, slot }: { receiverId: string; slot?: number | undefined },
  messages: readonly MessageRef[],
): Promise<DeliveryTarget> {
  if (slot === undefined) {
    const reads = [findReceiver(receiverId), findDeletions(messages)] as const;
    const [receiver, deleted] = await Promise.all(reads);
    return { receiver, deleted };
  }
  const { webhook, secrets, deleted } = await findStoredTarget({ id: receiverId, slot }, messages);
  return { receiver: receiverOf(webhook, secrets), deleted };
}

function receiverOf(webhook: StoredTarget["webhook"], secrets: Secret[]): Receiver | undefined {
  // Without secrets, it was deleted after it was read.
  if (webhook?.enabled !== true || secrets.length === 0) return undefined;
  const { id } = webhook;
  return {
    id,
    bodyOf,
    addressOf({ eventId, body }, now) {
      const timestamp = Math.floor(now.getTime() / 1000);
      const signing = currentSecrets(secrets, now).map(({ secret }) => secret);
      return {
        url: webhook.url,
        headers: {
          ...agent,
          "webhook-id": eventId,
          "webhook-timestamp": String(timestamp),
          "webhook-signature": signatureOf({ id: eventId, timestamp, body }, signing),
        },
      };
    },
    disable: () => disableWebhook(webhook),
  };
}

/** Stands for the address of the user who caused the event, which is not stored. */
const nobody = "0.0.0.0";

/** The application has one URL for all rooms; it verifies no signature, only SdkAppid. */
async function findApplication(): Promise<Receiver | undefined> {
  const callbacks = await findCallbacks();
  if (callbacks === undefined) return undefined;
  const sdkAppId = setting("TENCENT_SDK_APP_ID");
  return {
    id: tencentReceiver,
    bodyOf: ({ data }) => JSON.stringify(data),
    addressOf({ eventId, type }) {
      if (!callbacks.CallbackCommandList.includes(type)) return undefined;
      return {
        url: String(callbackUrl(callbacks.Url, { sdkAppId, command: type, clientIp: nobody })),
        headers: { ...agent, "webhook-id": eventId },
      };
    },
  };
}
