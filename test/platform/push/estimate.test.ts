import { crowdDollars } from "../../../bin/operate/calls.ts";
import { deliveryOf } from "../../../bin/operate/delivery.ts";
import { bytes } from "../../../bin/operate/estimate.ts";
import { dollarsOf, type PricedItem, prices } from "../../../local/aws/prices.ts";
import { run } from "../../bench/scale/run.ts";

const stage = { quota: { perSecond: 10_000, burst: 5_000 }, postRate: 8_000, seed: 1 };

/**
 * A second of such a room, of each thing that has a price, from its figures of an hour. The quiet
 * one is simulated for an hour: ten minutes have 40 events, and their costs differ by 7 %.
 */
const rooms: [name: string, viewers: number, messages: number, gifts: number, seconds: number][] = [
  ["a quiet room", 100, 0.06, 0.004, 3_600],
  ["a talkative room", 500, 10, 0.5, 60],
  ["a large room", 10_000, 6, 0.2, 40],
];

test.each(rooms)(
  "the estimate of %s is within 5 % of the simulator",
  async (_, viewers, messages, gifts, seconds) => {
    const steady = { messagesPerSecond: messages, giftsPerSecond: gifts, seconds };
    const figures = await run({ viewers, ...stage, steady });
    const [said, given] = [Number(figures.messages) / seconds, Number(figures.gifts) / seconds];
    const estimated = deliveryOf({
      viewers,
      eventsPerSecond: said + given,
      bytesPerSecond: said * bytes.message + given * bytes.gift,
    });
    const priced = Object.keys(prices).filter(
      (name) => `${name} an hour` in figures,
    ) as PricedItem[];
    const dollars = (amount: (name: PricedItem) => number) =>
      dollarsOf(priced.map((name) => [name, amount(name)] as const));
    const is = dollars((name) => Number(figures[`${name} an hour`]));
    const wanted = dollars((name) => (estimated[name] ?? 0) * 3600);
    expect(priced.length).toBeGreaterThan(6);
    expect(wanted.total / is.total).toBeGreaterThan(0.95);
    expect(wanted.total / is.total).toBeLessThan(1.05);
  },
);

test.each([
  ["likes", { crowd: "likes", size: 3_000, share: 0.05, seed: 1 }],
  ["votes", { crowd: "votes", size: 3_000, seconds: 30, seed: 1 }],
] as const)("the estimate of %s is within its bounds of the simulator", async (_, given) => {
  const figures = await run(given);
  const perSecond = given.crowd === "votes" ? Number(figures.calls) : 0;
  const room = { viewers: given.size, messagesPerSecond: 0, giftsPerSecond: 0, hours: 1 };
  const is = given.crowd === "votes" ? Number(figures.$) : Number(figures["$/hour"]);
  const wanted =
    given.crowd === "votes"
      ? crowdDollars({ ...room, votesPerSecond: perSecond })
      : 3_600 * crowdDollars({ ...room, tappingShare: given.share });
  expect(wanted / is).toBeGreaterThan(0.95);
  expect(wanted / is).toBeLessThan(1.05);
});
