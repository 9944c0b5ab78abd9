import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { Timestamp } from "../../domain/text.ts";
import { rotateSecrets, ShownSecret } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { changeSecrets } from "../../platform/store/webhooks/webhooks.ts";
import { newSecret } from "../../platform/webhooks/signature.ts";

/** The previous secret signs along with the new one for a day, so that receivers can migrate. */
export const { contract, handler } = endpoint(
  {
    route: "POST /api/v1/webhooks/{id}/rotate-secret",
    summary: "Rotate a webhook's secret; both secrets sign for 24 hours",
    tag: "Webhooks",
    caller: "admin",
    path: z.object({ id: WebhookId }),
    answer: [200, z.object({ secret: ShownSecret, previousUntil: Timestamp })],
    replay: { keep: (answer: object) => ({ ...answer, secret: null }) },
    cost: { read: 1, write: 4, kilobytes: 1 },
    refusals: ["webhook_not_found", "rotated_too_often"],
    grants: { read: ["SECRET"], write: ["SECRET"] },
  },
  async ({ path, now, idempotentReply }) => {
    const secret = newSecret();
    const rotate = (secrets: Parameters<typeof rotateSecrets>[0]) =>
      rotateSecrets(secrets, secret, now);
    return changeSecrets(path.id, rotate, ({ previousUntil }) =>
      idempotentReply({ secret, previousUntil }),
    );
  },
);
