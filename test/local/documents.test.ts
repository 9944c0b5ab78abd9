import { rowsOf } from "../../lib/stages/route-table.ts";
import { unitsOf } from "../../platform/http/contract.ts";
import { sharedSystem } from "../shared.ts";

/** Documents that are built with the bundle and read nothing. */
const documents = rowsOf("endpoint").flatMap(({ contract }) =>
  contract.caller === "anyone" && /^GET \/(docs|openapi|asyncapi)/.test(contract.route)
    ? [contract]
    : [],
);

test.each(documents)("$route is as large as its contract declares", async ({ route, cost }) => {
  const { url } = await sharedSystem();
  const headers = { "accept-encoding": "identity" };
  const answer = await fetch(url + route.slice("GET ".length), { headers });
  const kilobytes = (await answer.bytes()).length / 1024;
  expect(kilobytes).toBeGreaterThan(1);
  expect(kilobytes).toBeLessThanOrEqual(cost.kilobytes ?? 0);
  expect(unitsOf(cost)).toBeGreaterThan(1);
});
