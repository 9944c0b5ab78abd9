/** The guides about money: their commands and their webhook receiver, run as a reader would. */
import { stripTypeScriptTypes } from "node:module";
import { localToken, sharedSystem } from "../shared.ts";
import { blocksOf, pastedBlocks, readGuide } from "./guides.ts";
import { pasteInto } from "./paste.ts";

const testMilliseconds = 180_000;

let system: Awaited<ReturnType<typeof sharedSystem>>;
beforeAll(async () => {
  system = await sharedSystem();
}, testMilliseconds);

test(
  "the guide's balance goes from 100 to 90, back to 100 and to 40, as written",
  () => {
    const commands = pastedBlocks("docs/gifts.md").map(({ text }) => text);
    const answers = pasteInto(system, commands.join(""))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const seen = answers.map(({ statusCode, data, errors }) => [
      statusCode,
      data?.balance ?? data?.list?.length ?? errors[1] ?? "",
    ]);
    expect(seen).toEqual([
      [201, 100],
      [409, "reference: receipt-1 was used before"],
      [200, 100],
      [201, ""],
      [201, ""],
      [200, 90],
      [409, "expectedPrice: the price is 10, not 5"],
      [200, 90],
      [200, ""],
      [201, 40],
      [200, 40],
      [200, 4],
    ]);
    expect(answers[4].data.id).toBe(answers[3].data.id);
  },
  testMilliseconds,
);

type Respond = { sendStatus(status: number): void };

/** The receiver of the guide with a provider that signs everything; answers to an event. */
function providerOf(url: string, token: string) {
  const [receiver] = blocksOf(readGuide("docs/money-in.md")).filter(
    ({ language }) => language === "ts",
  );
  let receive: (request: object, response: Respond) => Promise<void>;
  const express = Object.assign(
    () => ({ post: (_path: string, ...[, act]: (typeof receive)[]) => (receive = act!) }),
    { raw: () => undefined },
  );
  const webhooks = { constructEvent: (body: object) => body };
  const code = stripTypeScriptTypes(receiver!.text).replaceAll(/^import .*$/gm, "");
  const names = ["express", "Stripe", "process", "serviceToken"];
  const Stripe = function provider() {
    return { webhooks };
  };
  new Function(...names, code)(express, Stripe, { env: { OVATION_URL: url } }, async () => token);
  return (event: object) =>
    new Promise<number>((sendStatus, fail) => {
      receive({ headers: {}, body: event }, { sendStatus }).catch(fail);
    });
}

test("the guide's receiver credits each paid session once, and loses none", async () => {
  const token = await localToken(system.url, { sub: "back-end", groups: ["service"] });
  const send = providerOf(system.url, token);
  const userId = `buyer-${Date.now()}`;
  const sessionOf = (id: string, more: object = {}) => ({
    id: `${userId}-${id}`,
    client_reference_id: userId,
    metadata: { price: "price_small" },
    payment_status: "paid",
    ...more,
  });
  const completed = "checkout.session.completed";
  const event = (id: string, more?: object, type = completed) =>
    send({ type, data: { object: sessionOf(id, more) } });
  expect([await event("1"), await event("1")]).toEqual([200, 200]);
  // Paid days later, and free with a promotion code.
  expect(await event("2", { payment_status: "unpaid" })).toBe(200);
  expect(await event("2", {}, "checkout.session.async_payment_succeeded")).toBe(200);
  expect(await event("3", { payment_status: "no_payment_required" })).toBe(200);
  // Not a sale of credits.
  expect(await event("4", { metadata: {} })).toBe(200);
  // No buyer, and a price that is missing in the list: the provider reports and repeats the event.
  expect(await event("5", { client_reference_id: null })).toBe(500);
  expect(await event("6", { metadata: { price: "price_new" } })).toBe(500);
  const headers = { authorization: `Bearer ${token}` };
  const wallet = await fetch(`${system.url}/api/v1/wallets/${userId}`, { headers });
  expect(await wallet.json()).toMatchObject({ data: { balance: 300 } });
});
