import { type Payload, payloadOf } from "../../../platform/push/gateway.ts";
import { createChance } from "../../bench/scale/chance.ts";
import type { Clock } from "../../bench/scale/clock.ts";
import { type Connection, createGateway } from "../../bench/scale/gateway.ts";
import { noUse } from "../../bench/scale/usage-costs.ts";

/** A clock that moves on to what is due next, without taking the place of this process's own. */
function createClock() {
  let now = 0;
  const due: { time: number; act: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    at: (time, act) => void due.push({ time: Math.ceil(time), act }),
    wait: (milliseconds) => new Promise((done) => clock.at(now + milliseconds, done)),
    async run(end) {
      while (now < end && due.length > 0) {
        due.sort((a, b) => a.time - b.time);
        const next = due.shift()!;
        now = Math.max(now, next.time);
        next.act();
        await new Promise(setImmediate);
      }
    },
    uninstall: () => {},
  };
  return clock;
}

test("messages that are posted to a simulated socket one after the other arrive in this order", async () => {
  const clock = createClock();
  const came = new Map<string, string[]>();
  const connections = new Map<string, Connection>();
  for (let n = 0; n < 50; n++) {
    const texts: string[] = [];
    came.set(`c${n}`, texts);
    const take = ({ bytes }: Payload) => void texts.push(bytes.toString());
    connections.set(`c${n}`, { isOpen: true, isSlow: false, take });
  }
  const quota = { perSecond: 10_000, burst: 5_000 };
  const find = (id: string) => connections.get(id);
  const { poster } = createGateway(clock, createChance(1), noUse(), quota, find);
  const numbers = ["1", "2", "3", "4", "5"];
  for (const id of connections.keys())
    void (async () => {
      for (const number of numbers) await poster.post(id, payloadOf(number));
    })();
  await clock.run(60_000);
  for (const [id, texts] of came) expect([id, texts]).toEqual([id, [...texts].sort()]);
  expect([...came.values()].filter(({ length }) => length === 5).length).toBeGreaterThan(45);
});
