import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { rows } from "../../lib/stages/route-table.ts";
import { stageOf } from "../../lib/stages/stages.ts";
import { sourcesOf } from "./sources.ts";

/** Files that call hosts which are not ours: customers' and the issuer's. */
const calling = ["platform/outbound/request.ts", "platform/auth/sign-in.ts"];

const sources = new Map(sourcesOf("functions", "platform", "domain").map((one) => [one.path, one]));
const importing = /^(?:import|export)\s+(?!type\s)[^;"]*?\bfrom\s+"(\.[^"]+)"/gm;

function closureOf(path: string): Set<string> {
  const closure = new Set([path]);
  for (const one of closure)
    for (const [, specifier = ""] of sources.get(one)?.text.matchAll(importing) ?? [])
      closure.add(join(dirname(one), specifier));
  return closure;
}

const files = new Map(
  [...sources.get("functions/index.ts")!.text.matchAll(/as "([^"]+)" from "\.\/([^"]+)"/g)].map(
    ([, name, file]) => [name!, `functions/${file}`],
  ),
);

/*
 * Planted fault that turns this red: a stage that reserves nothing for `tencent/gifts/send`.
 */
test("functions that wait for other hosts have reserved concurrency in prod, and leave enough to others", () => {
  const { reservedConcurrency, accountConcurrency } = stageOf((name) =>
    name === "stage" ? "prod" : undefined,
  );
  const waiting = rows.filter(({ name }) => {
    const closure = closureOf(files.get(name)!);
    return calling.some((file) => closure.has(file));
  });
  expect(waiting.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      ...["tencent/gifts/send", "users/sign-in", "webhooks/deliver", "pictures/fetch"],
    ]),
  );
  // A queue consumer is limited by its event source mapping.
  const isBounded = ({ name, contract }: (typeof rows)[number]) =>
    reservedConcurrency[name] !== undefined ||
    (contract.kind === "consumer" && "queue" in contract.on);
  const without = waiting.filter((row) => !isBounded(row));
  expect(without.map(({ name }) => name)).toEqual([]);
  const reserved = Object.values(reservedConcurrency).reduce((sum, one) => sum + one, 0);
  expect(accountConcurrency - reserved).toBeGreaterThanOrEqual(400);
});
