import recorded from "../../docs/units.json" with { type: "json" };
import { dollarsOf, itemsOfHost, type PricedItem, prices } from "../../local/aws/prices.ts";

/** A room as it is on the evenings that are paid for. */
export type Room = {
  viewers: number;
  /** Chat messages that its viewers send in a second, all together. */
  messagesPerSecond: number;
  /** Paid gifts in a second. */
  giftsPerSecond: number;
  /** Hours of live video in a month. */
  hours: number;
  /** Where the stage has a domain: whether a firewall is before it. */
  domain?: { firewall: boolean };
};

type Units = { read: number; write: number };
const sum = (...all: readonly Units[]): Units => ({
  read: all.reduce((units, { read }) => units + read, 0),
  write: all.reduce((units, { write }) => units + write, 0),
});

/** Request units of one call with all that follows from it but its frame; gifts settled alone. */
const units = {
  message: recorded["chat message"],
  gift: sum(recorded["gift with a key"], recorded["settling a gift"]),
  /** A frame's own: its record, its place in the log and the backlog's end. */
  frame: { write: 3, read: 2 },
} as const;

/** Milliseconds that a function is billed for, and its memory: estimated, `docs/scale.md`. */
const runs = {
  message: { milliseconds: 20, gigabytes: 0.5 },
  gift: { milliseconds: 50, gigabytes: 0.5 },
  frame: { milliseconds: 40, gigabytes: 1.769 },
} as const;

/** JSON of one event in a frame, in bytes, as the tests' streams have them. */
const bytes = { message: 350, gift: 1100, frame: 120, ledgerOfGift: 2000 } as const;

/** What a call brings, its token above all; under a domain that is billed. */
const callBytes = 1_500;

/** Rules of a domain's firewall (lib/edge/firewall.ts). */
export const firewallRules = 7;

/** A socket is opened again after two hours. */
const socketHours = 2;

/** Lines of the log in bytes: a call's access, a frame's metrics and trace, a call named in it. */
const logged = { call: 350, frame: 850, traced: 40 } as const;

/** How posts go out: sockets of one environment, a post's milliseconds, posts a second of a stage. */
const posting = { sockets: 160, milliseconds: 15, perSecond: 8000 } as const;

/** The table's stream is looked at four times a second. */
const lookSeconds = 0.25;
/** What API Gateway counts as one message. */
const messageBytes = 32 * 1024;
/** Subscribers that one read unit brings, consistently read. */
const subscribersPerUnit = 30;

const gigabyte = 1e9;
const perHour = 3600;

/** Seconds from one frame to the next where there is always something to tell. */
const framePeriod = (viewers: number) =>
  Math.max(
    lookSeconds + (viewers * posting.milliseconds) / 1000 / posting.sockets,
    viewers / posting.perSecond,
  );

/** One line of a bill. */
export type Line = { name: string; quantity: string; dollars: number };

const count = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

type Items = Partial<Record<PricedItem, number>>;
const line = (name: string, quantity: string, items: Items): Line => ({
  name,
  quantity,
  dollars: dollarsOf(Object.entries(items) as [PricedItem, number][]).total,
});

/** The bill of a room's month on Ovation, by service: the arithmetic behind `npm run cost`. */
export function billOf(room: Room): Line[] {
  const { viewers, hours } = room;
  const seconds = hours * perHour;
  const messages = room.messagesPerSecond * seconds;
  const gifts = room.giftsPerSecond * seconds;
  const events = room.messagesPerSecond + room.giftsPerSecond;
  // Events come at random, and all that come within a frame's period share the next one.
  const frames = (events / (1 + events * framePeriod(viewers))) * seconds;
  const eventBytes = messages * bytes.message + gifts * bytes.gift;
  const frameBytes = frames === 0 ? 0 : bytes.frame + eventBytes / frames;
  const posts = frames * viewers;
  const postMessages = posts * Math.max(1, Math.ceil(frameBytes / messageBytes));
  const writes = messages * units.message.write + gifts * units.gift.write;
  const reads = messages * units.message.read + gifts * units.gift.read;
  const frameWrites = frames * (units.frame.write + Math.floor(frameBytes / 1024));
  const frameReads = frames * (units.frame.read + viewers / subscribersPerUnit);
  const postSeconds = (posts * posting.milliseconds) / 1000 / posting.sockets;
  const gigabyteSeconds =
    (messages * runs.message.milliseconds * runs.message.gigabytes +
      gifts * runs.gift.milliseconds * runs.gift.gigabytes +
      frames * runs.frame.milliseconds * runs.frame.gigabytes) /
      1000 +
    postSeconds * runs.frame.gigabytes;
  const stored = (eventBytes + gifts * bytes.ledgerOfGift) / gigabyte;
  const out = (posts * frameBytes) / gigabyte;
  const lines = (messages + gifts) * (logged.call + logged.traced) + frames * logged.frame;
  return [
    line("API Gateway, HTTP calls", `${count.format(messages + gifts)} calls`, {
      rest_requests: messages + gifts,
    }),
    line("API Gateway, WebSocket", `${count.format(postMessages)} messages`, {
      websocket_messages: postMessages,
      websocket_connection_minutes: viewers * hours * 60,
    }),
    ...dataLines(room, messages + gifts, out),
    line(
      "DynamoDB, requests",
      `${count.format(writes + frameWrites)} write, ${count.format(reads + frameReads)} read units`,
      {
        dynamodb_write_units: writes + frameWrites,
        dynamodb_read_units: reads + frameReads,
      },
    ),
    line("DynamoDB, storage", `${count.format(stored)} GB`, { dynamodb_gigabyte_months: stored }),
    line("Lambda", `${count.format(gigabyteSeconds)} GB-seconds`, {
      lambda_requests: messages + 2 * gifts + 2 * frames,
      lambda_gigabyte_seconds: gigabyteSeconds,
    }),
    // Each message is sent, received and deleted.
    line("SQS", `${count.format(3 * frames)} calls`, { sqs_fifo_requests: 3 * frames }),
    line("CloudWatch, logs and metrics", `${count.format(lines / gigabyte)} GB`, {
      log_gigabytes: lines / gigabyte,
    }),
  ];
}

/** What goes out to viewers: from the APIs, or from CloudFront, which is asked for them. */
function dataLines({ viewers, hours, domain }: Room, calls: number, out: number): Line[] {
  const gigabytes = `${count.format(out)} GB`;
  if (domain === undefined)
    return [line("Data out to the Internet", gigabytes, { gigabytes_out: out })];
  const requests = calls + viewers * Math.ceil(hours / socketHours);
  const { firewall_requests, ...items } = itemsOfHost({
    requests,
    gigabytesIn: (requests * callBytes) / gigabyte,
    gigabytesOut: out,
    ...domain,
  });
  const name = `${gigabytes} out, ${count.format(requests)} requests`;
  const cloudFront = line("CloudFront", name, items);
  if (firewall_requests === undefined) return [cloudFront];
  const firewall = { firewall_requests, firewall_months: 1, firewall_rule_months: firewallRules };
  return [cloudFront, line("Firewall", `${count.format(requests)} requests`, firewall)];
}

/** List prices of others, in dollars; read on the dates given from copies of their pages. */
const others = {
  /** Amazon IVS Chat, 2022-04: a message sent, a message delivered. */
  ivs: { sent: 560e-6, delivered: 8e-6 },
  /** Ably, 2026-11: a message in or out, a minute of a connection. */
  ably: { message: 2.5e-6, connectionMinute: 1e-6 },
} as const;

/** What the same evenings cost elsewhere: deliveries alone, since none of them has the money. */
export function alternativesTo(room: Room): Line[] {
  const { viewers, hours, messagesPerSecond, giftsPerSecond } = room;
  const seconds = hours * perHour;
  const events = (messagesPerSecond + giftsPerSecond) * seconds;
  const minutes = viewers * hours * 60;
  const batches = Math.min(messagesPerSecond + giftsPerSecond, 1) * seconds;
  const out =
    (viewers * seconds * (messagesPerSecond * bytes.message + giftsPerSecond * bytes.gift)) /
    gigabyte;
  return [
    {
      name: "One post an event and viewer",
      quantity: `${count.format(events * viewers)} messages`,
      dollars: dollarsOf([
        ["rest_requests", events],
        ["websocket_messages", events * viewers],
        ["websocket_connection_minutes", minutes],
        ["gigabytes_out", out],
        ["dynamodb_write_units", events],
      ]).total,
    },
    {
      name: "Amazon IVS Chat, without gifts' money",
      quantity: `${count.format(events * viewers)} deliveries`,
      dollars: events * (others.ivs.sent + viewers * others.ivs.delivered),
    },
    {
      name: "Ably, a batch a second, without money",
      quantity: `${count.format(batches * viewers)} messages`,
      dollars:
        (events + batches * viewers) * others.ably.message + minutes * others.ably.connectionMinute,
    },
  ];
}

/** Where the prices come from, in one sentence. */
export const priceNote = `List prices of ${prices.region}, ${prices.date}, first tier, no free tier`;
