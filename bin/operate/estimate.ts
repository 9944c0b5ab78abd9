import { cpuUnits, socketsPerTask } from "../../lib/stages/relay.ts";
import { dollarsOf, itemsOfDistribution, type PricedItem, prices } from "../../local/aws/prices.ts";
import { metrics } from "../../platform/runtime/metrics.ts";
import { type Room, usageOfRoom } from "./calls.ts";
import { deliveryOf, relayDeliveryOf } from "./delivery.ts";

/** JSON bytes of one event in a frame, as in the tests' streams. */
export const bytes = { message: 770, gift: 1_250, ledgerOfGift: 2000 } as const;

/** Request bytes of a call, mostly its token; billed under a domain. */
const callBytes = 1_500;

/**
 * Lambda's requests to a queue in a month without messages: five readers that each wait 20 s. A
 * mapping with a maximum concurrency never has fewer.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
export const emptyPolls = 5 * 3 * 60 * 730;

/**
 * Monthly fixed resources of a stage like prod, used or not, and what a domain and a relay add:
 * `test/cloud/fixed-costs.test.ts` counts them in the templates. A relay's tasks and load balancer
 * are lines of the bill.
 */
export const fixed = {
  plain: {
    alarm_months: 134,
    // Those that functions publish, and six that are counted in logs.
    metric_months: Object.keys(metrics).length + 6,
    dashboard_months: 1,
    secret_months: 3,
    firewall_months: 3,
    firewall_rule_months: 16,
    sqs_standard_requests: 13 * emptyPolls,
    sqs_fifo_requests: 3 * emptyPolls,
  },
  // The REST APIs' firewall has fewer rules behind that of CloudFront.
  domain: { alarm_months: 2, firewall_months: 1, firewall_rule_months: -1 },
  relay: { alarm_months: 6, metric_months: 1 },
} as const satisfies Record<string, Items>;

/** Hours until a socket is reopened. */
const socketHours = 2;

/** Log bytes: access log of a call, metrics and trace of a frame, a call named in it. */
const logged = { call: 350, frame: 850, traced: 40 } as const;

/** A relay's memory per task, its network's zones, and sockets per unit of its load balancer. */
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

/** A relay's tasks while a room is live; 0 without one. */
const tasksOf = ({ viewers, relay }: Room): number =>
  relay === undefined ? 0 : Math.max(relay.minTasks, Math.ceil(viewers / socketsPerTask.wanted));

/** A room's monthly bill on Ovation, by service: the arithmetic behind `npm run cost`. */
export function billOf(room: Room): Line[] {
  const { viewers, hours, messagesPerSecond, giftsPerSecond } = room;
  const seconds = hours * perHour;
  const bytesPerSecond = messagesPerSecond * bytes.message + giftsPerSecond * bytes.gift;
  const eventsPerSecond = messagesPerSecond + giftsPerSecond;
  const delivered = { viewers, eventsPerSecond, bytesPerSecond };
  const { frames, ...delivery } = room.relay
    ? relayDeliveryOf(delivered, tasksOf(room))
    : deliveryOf(delivered);
  const calls = usageOfRoom(room);
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

/** The monthly bill of an idle stage like prod, with the room's domain and relay. */
export function fixedBill({ domain, relay }: Pick<Room, "domain" | "relay"> = {}): Line[] {
  const parts: Items[] = [fixed.plain, ...(domain ? [fixed.domain] : [])];
  if (relay) parts.push(fixed.relay);
  const all = (...names: (keyof typeof fixed.plain)[]): Items =>
    Object.fromEntries(
      names.map((name) => [name, parts.reduce((sum, part) => sum + (part[name] ?? 0), 0)]),
    );
  const watch = all("alarm_months", "metric_months", "dashboard_months");
  const firewall = all("firewall_months", "firewall_rule_months");
  const polls = all("sqs_standard_requests", "sqs_fifo_requests");
  const secrets = all("secret_months");
  const queues = Object.values(polls).reduce((sum, of) => sum + of / emptyPolls, 0);
  const watched = `${watch.alarm_months} alarms, ${watch.metric_months} metrics`;
  return [
    line("CloudWatch, alarms and metrics", watched, watch),
    line("Firewall", `${firewall.firewall_rule_months} rules`, firewall),
    line("Secrets Manager", `${secrets.secret_months} secrets`, secrets),
    line("SQS, Lambda's polls", `${queues} empty queues`, polls),
  ];
}

/** A relay's tasks (the minimum runs all month), and its load balancer. */
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
      // The address in each zone serves the tasks of all zones.
      gigabytes_between_zones: out / relayed.zones,
    }),
  ];
}

/**
 * Data out to viewers: from the APIs, or from CloudFront in front of them. A relay's frames pass
 * only through its load balancer.
 */
function dataLines(
  { viewers, hours, domain, relay, hasFirewall }: Room,
  calls: number,
  all: number,
): Line[] {
  const direct = line("Data out to the Internet", `${count.format(all)} GB`, {
    gigabytes_out: all,
  });
  if (domain === undefined) return hasFirewall === false ? [direct] : [direct, firewallLine(calls)];
  const out = relay === undefined ? all : 0;
  const gigabytes = `${count.format(out)} GB`;
  const requests = calls + viewers * Math.ceil(hours / socketHours);
  const { firewall_requests, ...items } = itemsOfDistribution({
    requests,
    gigabytesIn: (requests * callBytes) / gigabyte,
    gigabytesOut: out,
    ...domain,
  });
  const name = `${gigabytes} out, ${count.format(requests)} requests`;
  const host = [line("CloudFront", name, items), ...(relay === undefined ? [] : [direct])];
  if (firewall_requests === undefined) return host;
  // Calls pass CloudFront's firewall, and then that of the REST APIs.
  return [...host, firewallLine(requests + calls)];
}

const firewallLine = (requests: number): Line =>
  line("Firewall", `${count.format(requests)} requests`, { firewall_requests: requests });

/** List prices of other services in dollars, as of the dates given. */
export const otherServices = {
  /** AWS AppSync Events, 2026-09: per operation (5 KB of one) and connection minute. */
  appSync: { operation: 1e-6, connectionMinute: 0.08e-6 },
  /** Amazon IVS Chat, 2022-04: per message sent and delivered. */
  ivs: { sent: 560e-6, delivered: 8e-6 },
  /** Ably, 2026-11: per message in or out, and per connection minute. */
  ably: { message: 2.5e-6, connectionMinute: 1e-6 },
} as const;

/** The same hours on other services: deliveries only, because none of them handles credits. */
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
      name: "API Gateway, a post for each event",
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
      name: "Amazon IVS Chat, without wallets",
      quantity: `${count.format(events * viewers)} deliveries`,
      dollars: events * (otherServices.ivs.sent + viewers * otherServices.ivs.delivered),
    },
    {
      name: "Ably, a batch a second, no wallets",
      quantity: `${count.format(batches * viewers)} messages`,
      dollars:
        (events + batches * viewers) * otherServices.ably.message +
        minutes * otherServices.ably.connectionMinute,
    },
  ];
}

/** The source of the prices, in one sentence. */
export const priceNote = `List prices of ${prices.region}, ${prices.date}, first tier, no free tier`;
