import { cpuUnits, socketsPerTask } from "../../lib/stages/relay.ts";
import { dollarsOf, itemsOfHost, type PricedItem, prices } from "../../local/aws/prices.ts";
import { type Room, useOfRoom } from "./calls.ts";
import { deliveryOf, relayDeliveryOf } from "./delivery.ts";

/** JSON of one event in a frame, in bytes, as the tests' streams have them. */
export const bytes = { message: 770, gift: 1_250, ledgerOfGift: 2000 } as const;

/** What a call brings, its token above all; under a domain that is billed. */
const callBytes = 1_500;

/** Rules of a domain's firewall (lib/edge/firewall.ts). */
export const firewallRules = 7;

/**
 * What a stage like prod without a domain has and is billed for each month, used or not:
 * `test/cloud/fixed-costs.test.ts` counts it in the template.
 */
export const fixed = {
  alarm_months: 130,
  metric_months: 27,
  dashboard_months: 1,
  secret_months: 3,
  firewall_months: 3,
  firewall_rule_months: 17,
} as const satisfies Items;

/** A socket is opened again after two hours. */
const socketHours = 2;

/** Lines of the log in bytes: a call's access, a frame's metrics and trace, a call named in it. */
const logged = { call: 350, frame: 850, traced: 40 } as const;

/** Memory of a relay's task, the zones of its network, and sockets that are a unit of its balancer. */
const relayed = { gigabytes: 2, zones: 2, socketsPerUnit: 3_000 } as const;
const monthHours = 730;

const gigabyte = 1e9;
const perHour = 3600;

/** One line of a bill. */
export type Line = { name: string; quantity: string; dollars: number };

const count = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

type Items = Partial<Record<PricedItem, number>>;
const line = (name: string, quantity: string, items: Items): Line => ({
  name,
  quantity,
  dollars: dollarsOf(Object.entries(items) as [PricedItem, number][]).total,
});

/** Tasks of a relay while a room is live; 0 without one. */
const tasksOf = ({ viewers, relay }: Room): number =>
  relay === undefined ? 0 : Math.max(relay.minTasks, Math.ceil(viewers / socketsPerTask.wanted));

/** The bill of a room's month on Ovation, by service: the arithmetic behind `npm run cost`. */
export function billOf(room: Room): Line[] {
  const { viewers, hours, messagesPerSecond, giftsPerSecond } = room;
  const seconds = hours * perHour;
  const bytesPerSecond = messagesPerSecond * bytes.message + giftsPerSecond * bytes.gift;
  const eventsPerSecond = messagesPerSecond + giftsPerSecond;
  const delivered = { viewers, eventsPerSecond, bytesPerSecond };
  const { frames, ...delivery } = room.relay
    ? relayDeliveryOf(delivered, tasksOf(room))
    : deliveryOf(delivered);
  const calls = useOfRoom(room);
  const month = (name: PricedItem) =>
    seconds * (((delivery as Items)[name] ?? 0) + ((calls as Items)[name] ?? 0));
  const [requests, posted] = [month("rest_requests"), month("websocket_messages")];
  const [writes, reads] = [month("dynamodb_write_units"), month("dynamodb_read_units")];
  const gigabyteSeconds = month("lambda_gigabyte_seconds");
  const [fifo, standard] = [month("sqs_fifo_requests"), month("sqs_standard_requests")];
  const ledger = giftsPerSecond * bytes.ledgerOfGift;
  const stored = ((bytesPerSecond + ledger) * seconds) / gigabyte;
  const lines = requests * (logged.call + logged.traced) + frames * seconds * logged.frame;
  return [
    line("API Gateway, HTTP calls", `${count.format(requests)} calls`, {
      rest_requests: requests,
    }),
    ...(room.relay
      ? relayLines(room, room.relay, month("gigabytes_out"))
      : [
          line("API Gateway, WebSocket", `${count.format(posted)} messages`, {
            websocket_messages: posted,
            websocket_connection_minutes: month("websocket_connection_minutes"),
          }),
        ]),
    ...dataLines(room, requests, month("gigabytes_out")),
    line("DynamoDB, requests", `${count.format(writes)} write, ${count.format(reads)} read units`, {
      dynamodb_write_units: writes,
      dynamodb_read_units: reads,
    }),
    line("DynamoDB, storage", `${count.format(stored)} GB`, { dynamodb_gigabyte_months: stored }),
    line("Lambda", `${count.format(gigabyteSeconds)} GB-seconds`, {
      lambda_requests: month("lambda_requests"),
      lambda_gigabyte_seconds: gigabyteSeconds,
    }),
    line("SQS", `${count.format(fifo + standard)} calls`, {
      sqs_fifo_requests: fifo,
      sqs_standard_requests: standard,
    }),
    line("CloudWatch, logs and metrics", `${count.format(lines / gigabyte)} GB`, {
      log_gigabytes: lines / gigabyte,
    }),
  ];
}

/** The bill of a stage like prod in which nothing happens, each month. */
export function fixedBill(): Line[] {
  const { alarm_months, metric_months, dashboard_months, secret_months, ...firewall } = fixed;
  const watch = { alarm_months, metric_months, dashboard_months };
  const watched = `${alarm_months} alarms, ${metric_months} metrics`;
  return [
    line("CloudWatch, alarms and metrics", watched, watch),
    line("Firewall", `${firewall.firewall_rule_months} rules`, firewall),
    line("Secrets Manager", `${secret_months} secrets`, { secret_months }),
  ];
}

/** A relay's tasks, the least of them all month, and its load balancer. */
function relayLines(room: Room, { minTasks }: { minTasks: number }, out: number): Line[] {
  const { viewers, hours } = room;
  const taskHours = minTasks * monthHours + (tasksOf(room) - minTasks) * hours;
  const balancerUnits = Math.max((viewers / relayed.socketsPerUnit) * hours, out);
  return [
    line("Relay, tasks", `${count.format(taskHours)} hours`, {
      fargate_cpu_hours: (taskHours * cpuUnits) / 1_024,
      fargate_gigabyte_hours: taskHours * relayed.gigabytes,
      public_address_hours: taskHours,
    }),
    line("Relay, load balancer", `${count.format(balancerUnits)} units`, {
      balancer_hours: monthHours,
      public_address_hours: relayed.zones * monthHours,
      balancer_unit_hours: balancerUnits,
      // Every zone's address serves the tasks of all.
      gigabytes_between_zones: out / relayed.zones,
    }),
  ];
}

/**
 * What goes out to viewers: from the APIs, or from CloudFront, which is asked for them. A relay's
 * frames pass its load balancer alone.
 */
function dataLines({ viewers, hours, domain, relay }: Room, calls: number, all: number): Line[] {
  const direct = line("Data out to the Internet", `${count.format(all)} GB`, {
    gigabytes_out: all,
  });
  if (domain === undefined) return [direct];
  const out = relay === undefined ? all : 0;
  const gigabytes = `${count.format(out)} GB`;
  const requests = calls + viewers * Math.ceil(hours / socketHours);
  const { firewall_requests, ...items } = itemsOfHost({
    requests,
    gigabytesIn: (requests * callBytes) / gigabyte,
    gigabytesOut: out,
    ...domain,
  });
  const name = `${gigabytes} out, ${count.format(requests)} requests`;
  const host = [line("CloudFront", name, items), ...(relay === undefined ? [] : [direct])];
  if (firewall_requests === undefined) return host;
  const firewall = { firewall_requests, firewall_months: 1, firewall_rule_months: firewallRules };
  return [...host, line("Firewall", `${count.format(requests)} requests`, firewall)];
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
