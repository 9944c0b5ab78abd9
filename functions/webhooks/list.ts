import * as z from "zod";
import { WebhookId } from "../../domain/id.ts";
import { cursorPage, cursorQuery, PageInfo } from "../../domain/page.ts";
import { rowsOf } from "../../domain/text.ts";
import { ShownWebhook } from "../../domain/webhooks/webhook.ts";
import { endpoint } from "../../platform/http/endpoint.ts";
import { listWebhooks } from "../../platform/store/webhooks/webhooks.ts";

/** There are at most 20, so all are read and one page is cut from them. */
export const { contract, handler } = endpoint(
  {
    route: "GET /api/v1/webhooks",
    summary: "List the webhooks, newest first",
    tag: "Webhooks",
    caller: "admin",
    query: cursorQuery(WebhookId),
    answer: [200, z.object({ list: rowsOf(ShownWebhook), pageInfo: PageInfo })],
    cost: { read: 23, kilobytes: 92 },
    grants: { read: ["WEBHOOK"] },
  },
  async ({ query: { after, limit } }) => {
    const webhooks = await listWebhooks();
    const rest = webhooks.filter(({ id }) => after === undefined || id < after);
    return cursorPage(rest, limit, ({ id }) => id);
  },
);
