/** `npm run cost`: the monthly bill of live rooms on AWS, from measured units and list prices. */
import { parseArgs } from "node:util";
import { stageNames, stageOf } from "../../lib/stages/stages.ts";
import type { Room } from "./calls.ts";
import { alternativesTo, billOf, fixedBill, type Line, priceNote } from "./estimate.ts";

const usage = `npm run cost -- [options]
  --viewers N      viewers at once, 0 to 1,000,000 (default 1000)
  --messages RATE  chat messages of all viewers, such as 20/s or 30/min (default 20/s)
  --gifts RATE     paid gifts, such as 2/s or 5/min (default 2/s)
  --tapping N      viewers in a hundred who tap hearts all the time (default 0)
  --votes RATE     votes in polls, on the average, such as 10/min (default 0)
  --hours N        hours of live video a month, 0 to 100,000 (default 100)
  --domain         under a domain, with a firewall before it (docs/deploying.md)
  --relay          served by a relay of two tasks or more; it needs a domain, which is included
  --stage NAME     under a domain where that stage has one, as it has it
  --json           the same as JSON`;

const options = {
  viewers: { type: "string", default: "1000" },
  messages: { type: "string", default: "20/s" },
  gifts: { type: "string", default: "2/s" },
  tapping: { type: "string", default: "0" },
  votes: { type: "string", default: "0" },
  hours: { type: "string", default: "100" },
  domain: { type: "boolean", default: false },
  relay: { type: "boolean", default: false },
  stage: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

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

type Name = "viewers" | "messages" | "gifts" | "tapping" | "votes" | "hours";
type Given = Record<Name, string> & {
  domain: boolean;
  relay: boolean;
  stage?: string | undefined;
};

/** Domain and relay: from the command line, or from the stage's settings. */
function waysOf(values: Given): Pick<Room, "domain" | "relay" | "hasFirewall"> {
  const { stage: name } = values;
  if (name !== undefined && !stageNames.includes(name))
    throw new Error(`--stage: expected one of ${stageNames.join(", ")}, found ${name}`);
  const stage = name === undefined ? undefined : stageOf((key) => ({ stage: name })[key]);
  const relay = stage?.relay ?? (values.relay ? { minTasks: 2 } : undefined);
  const hasDomain = stage?.domain !== undefined || values.domain || relay !== undefined;
  return {
    ...(stage?.firewall === false && { hasFirewall: false }),
    ...(hasDomain && { domain: { firewall: stage?.firewall ?? true } }),
    ...(relay && { relay: { minTasks: relay.minTasks } }),
  };
}

/** The room from the options, or a sentence for each invalid option. */
function roomOf(values: Given) {
  const [tapping, votesPerSecond] = [amount(values.tapping, max.percent), rate(values.votes)];
  const room = {
    ...waysOf(values),
    ...(tapping && { tappingShare: tapping / 100 }),
    ...(votesPerSecond && { votesPerSecond }),
    viewers: amount(values.viewers, max.viewers),
    messagesPerSecond: rate(values.messages),
    giftsPerSecond: rate(values.gifts),
    hours: amount(values.hours, max.hours),
  };
  if (room.viewers !== undefined && !Number.isInteger(room.viewers)) room.viewers = undefined;
  const faults = [
    room.viewers === undefined && `--viewers: expected 0 to 1,000,000, found ${values.viewers}`,
    room.messagesPerSecond === undefined &&
      `--messages: expected a rate such as 20/s, found ${values.messages}`,
    room.giftsPerSecond === undefined &&
      `--gifts: expected a rate such as 2/s, found ${values.gifts}`,
    tapping === undefined && `--tapping: expected 0 to 100, found ${values.tapping}`,
    votesPerSecond === undefined &&
      `--votes: expected a rate such as 10/min, found ${values.votes}`,
    room.hours === undefined && `--hours: expected 0 to 100,000, found ${values.hours}`,
  ].filter((fault) => fault !== false);
  return faults.length > 0 ? { faults } : { faults, room: room as Room };
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

/** What the idle stage has. A relay needs a domain, since TLS needs a name. */
const withWhat = ({ domain, relay }: Room) =>
  relay ? "with a domain for its relay" : domain ? "with a domain" : "without a domain";

function print(room: Room): void {
  const bill = billOf(room);
  const total = bill.reduce((sum, { dollars: part }) => sum + part, 0);
  console.log(
    [
      `Viewers: ${number.format(room.viewers)} · messages: ${number.format(room.messagesPerSecond)}/s` +
        ` · gifts: ${number.format(room.giftsPerSecond)}/s · a month: ${number.format(room.hours)} h${room.relay ? " · a relay" : room.domain ? " · a domain" : ""}`,
      priceNote,
      "",
      ...bill.map(rowOf),
      row("Total", "", total),
      "",
      `A stage like prod ${withWhat(room)}, each month, used or not`,
      ...fixedBill(room).map(rowOf),
      "",
      "The same hours elsewhere, deliveries alone",
      ...alternativesTo(room).map(rowOf),
    ].join("\n"),
  );
}

function run(): number {
  const { values } = parseArgs({ options });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const { room, faults } = roomOf(values);
  if (room === undefined) {
    console.error([...faults, "", usage].join("\n"));
    return 2;
  }
  if (!values.json) print(room);
  else {
    const bill = billOf(room);
    const total = bill.reduce((sum, { dollars: part }) => sum + part, 0);
    console.log(
      JSON.stringify({
        ...{ room, bill, total, fixed: fixedBill(room) },
        alternatives: alternativesTo(room),
      }),
    );
  }
  return 0;
}

try {
  process.exitCode = run();
} catch (error) {
  // An unknown option, or one without a value.
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exitCode = 2;
}
