import * as create from "../../../functions/webhooks/create.ts";
import {
  findSecrets,
  listWebhooks,
  removeWebhook,
} from "../../../platform/store/webhooks/webhooks.ts";
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
  const { id } = all[7]!;
  expect(await findSecrets(id)).toHaveLength(1);
  await removeWebhook(id);
  expect(await findSecrets(id)).toEqual([]);
  expect((await make()).status).toBe(201);
  // The newest first, whichever place in the table it has taken.
  const ids = (await listWebhooks()).map((one) => one.id);
  expect(ids).toEqual([...ids].sort().reverse());
  expect((await make()).status).toBe(409);
});
