import * as create from "../../../functions/webhooks/create.ts";
import { listWebhooks, removeWebhook } from "../../../platform/store/webhooks/webhooks.ts";
import { callEndpoint } from "../api-call.ts";
import { useOwnTable } from "../table.ts";

process.env.LOCAL = "on";
useOwnTable();

const make = () =>
  callEndpoint(create.handler, {
    as: "admin",
    roles: ["admin"],
    body: { url: "https://backend.example.com/", events: ["*"] },
  });

test("the 21st webhook is 409, until another is deleted", async () => {
  for (let n = 0; n < 19; n++) expect((await make()).status).toBe(201);
  // Of two that come at once for the last slot one gets it.
  const last = await Promise.all([make(), make()]);
  expect(last.map(({ status }) => status).sort()).toEqual([201, 409]);
  const refused = await make();
  expect(refused.status).toBe(409);
  expect(refused.body).toMatchObject({ isSuccess: false, statusCode: 409 });
  const all = await listWebhooks();
  expect(all).toHaveLength(20);
  await removeWebhook(all[7]!.id);
  expect((await make()).status).toBe(201);
  expect((await make()).status).toBe(409);
});
