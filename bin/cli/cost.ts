import { stageNamed, stageNames } from "../../lib/stages/stages.ts";
import type { Room } from "../operate/calls.ts";
import { alternativesTo, billOf, fixedBill, type Line, priceNote } from "../operate/estimate.ts";
import { type Command, exitCodes, UsageError, type Values } from "./command.ts";

/** `ovation cost`: the monthly bill of live rooms on AWS, from measured units and list prices. */
export const command: Command = {
  usage: "[options]",
  help: `Estimates what a month of live rooms costs on AWS, from measured usage and list
prices.

  --viewers N      concurrent viewers, 0 to 1,000,000 (default 1000)
  --messages RATE  chat messages of all viewers, such as 20/s or 30/min
                   (default 20/s)
  --gifts RATE     paid gifts, such as 2/s or 5/min (default 2/s)
  --tapping N      percentage of viewers who send likes all the time
                   (default 0)
  --votes RATE     votes in polls on average, such as 10/min (default 0)
  --hours N        hours of live video a month, 0 to 100,000 (default 100)
  --domain         with a domain and its firewall (docs/deploying.md)
  --relay          with a relay of two tasks and the domain that it needs
  --stage NAME     with the domain, firewall and relay of this stage's settings
  --json           prints JSON`,
  options: {
    viewers: { type: "string", default: "1000" },
    messages: { type: "string", default: "20/s" },
    gifts: { type: "string", default: "2/s" },
    tapping: { type: "string", default: "0" },
    votes: { type: "string", default: "0" },
    hours: { type: "string", default: "100" },
    domain: { type: "boolean" },
    relay: { type: "boolean" },
    stage: { type: "string" },
    json: { type: "boolean" },
  },
  wordsMax: 0,
  async run(values) {
    const room = roomOf(values);
    if (values.json) console.log(JSON.stringify(billsOf(room)));
    else print(room);
    return exitCodes.done;
  },
};

const secondsOf: Record<string, number> = { s: 1, min: 60, h: 3600 };
const max = { viewers: 1_000_000, rate: 100_000, hours: 100_000, percent: 100 };

/** Parses `1000` or `1,000`; undefined if it is no number from 0 to `most`. */
function amount(text: string, most: number): number | undefined {
  if (!/^(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$/.test(text)) return undefined;
  const value = Number(text.replaceAll(",", ""));
  return value <= most ? value : undefined;
}

/** Parses `20/s`, `30/min`, `7200/h`, or `20` (per second). */
function rate(text: string): number | undefined {
  const [, count = "", unit = "s"] = /^([\d.,]+)(?:\/(s|min|h))?$/.exec(text) ?? [];
  const value = amount(count, max.rate * secondsOf[unit]!);
  return value === undefined ? undefined : value / secondsOf[unit]!;
}

/** Domain and relay: from the command line, or from the stage's settings. */
function waysOf({ stage: name, ...given }: Values): Pick<Room, "domain" | "relay" | "hasFirewall"> {
  if (name !== undefined && !stageNames.includes(String(name)))
    throw new UsageError(`--stage: expected one of ${stageNames.join(", ")}, found '${name}'`);
  const stage = name === undefined ? undefined : stageNamed(String(name));
  const relay = stage?.relay ?? (given.relay ? { minTasks: 2 } : undefined);
  const hasDomain = stage?.domain !== undefined || given.domain || relay !== undefined;
  return {
    ...(stage?.firewall === false && { hasFirewall: false }),
    ...(hasDomain && { domain: { firewall: stage?.firewall ?? true } }),
    ...(relay && { relay: { minTasks: relay.minTasks } }),
  };
}

/** The room from the options. Throws `UsageError` with a sentence for each invalid option. */
function roomOf(values: Values): Room {
  const faults: string[] = [];
  const read = (name: string, parse: (text: string) => number | undefined, expected: string) => {
    const value = parse(String(values[name]));
    if (value === undefined)
      faults.push(`--${name}: expected ${expected}, found '${values[name]}'`);
    return value ?? 0;
  };
  const upTo = (most: number) => (text: string) => amount(text, most);
  const whole = (text: string) => {
    const value = amount(text, max.viewers);
    return Number.isInteger(value) ? value : undefined;
  };
  const viewers = read("viewers", whole, "0 to 1,000,000");
  const messagesPerSecond = read("messages", rate, "a rate such as 20/s");
  const giftsPerSecond = read("gifts", rate, "a rate such as 2/s");
  const tapping = read("tapping", upTo(max.percent), "0 to 100");
  const votesPerSecond = read("votes", rate, "a rate such as 10/min");
  const hours = read("hours", upTo(max.hours), "0 to 100,000");
  if (faults.length > 0) throw new UsageError(faults.join("\n"));
  return {
    ...waysOf(values),
    ...(tapping > 0 && { tappingShare: tapping / 100 }),
    ...(votesPerSecond > 0 && { votesPerSecond }),
    viewers,
    messagesPerSecond,
    giftsPerSecond,
    hours,
  };
}

const sumOf = (lines: readonly Line[]) => lines.reduce((sum, { dollars: one }) => sum + one, 0);

/** A room's bill, the stage's fixed costs, and the same hours elsewhere. */
function billsOf(room: Room) {
  const bill = billOf(room);
  return {
    room,
    bill,
    total: sumOf(bill),
    fixed: fixedBill(room),
    alternatives: alternativesTo(room),
  };
}

const dollars = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const number = new Intl.NumberFormat("en-US");

const columns = { name: 38, quantity: 24, dollars: 16 };
const row = (name: string, quantity: string, sum: number) =>
  name.padEnd(columns.name) +
  quantity.padStart(columns.quantity) +
  dollars.format(sum).padStart(columns.dollars);

const rowOf = ({ name, quantity, dollars: sum }: Line) =>
  // A long quantity gets its own line, so that the amounts stay aligned.
  quantity.length < columns.quantity
    ? row(name, quantity, sum)
    : `${row(name, "", sum)}\n  ${quantity}`;

/** Describes an idle stage. A relay needs a domain, since TLS needs a name. */
const withWhat = ({ domain, relay }: Room) =>
  relay ? "with a domain for its relay" : domain ? "with a domain" : "without a domain";

function print(room: Room): void {
  const { bill, total, fixed, alternatives } = billsOf(room);
  console.log(
    [
      `Viewers: ${number.format(room.viewers)} · messages: ${number.format(room.messagesPerSecond)}/s` +
        ` · gifts: ${number.format(room.giftsPerSecond)}/s · a month: ${number.format(room.hours)} h${room.relay ? " · a relay" : room.domain ? " · a domain" : ""}`,
      priceNote,
      "",
      ...bill.map(rowOf),
      row("Total", "", total),
      "",
      `Fixed monthly cost of a stage like prod ${withWhat(room)}`,
      ...fixed.map(rowOf),
      row("Total", "", sumOf(fixed)),
      "",
      "The same hours on other services, deliveries only",
      ...alternatives.map(rowOf),
    ].join("\n"),
  );
}
