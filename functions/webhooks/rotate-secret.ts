import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { Timestamp } from "../../domain/text.ts";
import { rotateSecrets, ShownSecret } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { changeSecrets } from "../../platform/store/webhooks/webhooks.ts";
import { newSecret } from "../../platform/webhooks/signature.ts";

/** The one before signs beside the new one for a day, so that no receiver has to be quick. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/webhooks/{id}/rotate-secret",
    says: "Give a webhook a new secret; for a day both sign",
    tag: "Webhooks",
    caller: "admin",
    shape: "envelope",
    path: z.object({ id: WebhookId }),
    answer: [200, z.object({ secret: ShownSecret, previousUntil: Timestamp })],
    refusals: ["webhook_not_found"],
    grants: { read: ["SECRET"], write: ["SECRET"] },
  },
  async ({ path, now }) => {
    const secret = newSecret();
    const rotate = (secrets: Parameters<typeof rotateSecrets>[0]) =>
      rotateSecrets(secrets, secret, now);
    const { previousUntil } = await changeSecrets(path.id, rotate);
    return { secret, previousUntil };
  },
);
