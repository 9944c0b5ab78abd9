/**
 * `npm run bench:abuse [names]`: one user at full speed next to ten honest ones, for each kind of
 * thing that a client can do, in prod's numbers. Prints how much slower the honest ones became,
 * what the attacker got, and what the attack would cost on AWS in an hour; and how much slower when
 * the attacker tries no more often than prod's firewall lets a token. Before that it finds the
 * dearest call of each kind by the contracts, and ends with 1 where it costs a dollar an hour;
 * `dearest` prints nothing else.
 */
import { requestsPerTokenMax } from "../../lib/edge/firewall.ts";
import { prices } from "../../local/aws/prices.ts";
import { startSystem } from "../system.ts";
import { type Attack, attacks, makePlace, type Place } from "./attacks.ts";
import { mayPass, openPeople, type Seen } from "./course.ts";
import { dearestCalls } from "./dearest.ts";
import { print, quantile, round } from "./figures.ts";

const seconds = { quiet: 6, attacked: 5, behindFirewall: 6 };

/** Calls a second of one token beyond which the firewall stops it. */
const firewallRate = requestsPerTokenMax.others / 60;

const failed = ({ errors, limited }: Seen) => errors.length + limited;

async function measure(attack: Attack, place: Place) {
  const people = await openPeople(attack, place);
  const quiet = await people.run(seconds.quiet, 0);
  const attacked = await people.run(seconds.attacked, Number.POSITIVE_INFINITY);
  people.end();
  // Others, whose own buckets are full.
  const others = await openPeople(attack, place);
  const behind = await others.run(seconds.behindFirewall, firewallRate);
  others.end();
  const { honest, attacker, spent, seconds: took } = attacked;
  for (const error of new Set([...honest.errors, ...behind.honest.errors]))
    console.error(`${attack.name}, honest: ${error}`);
  const p99 = (milliseconds: readonly number[]) => quantile(milliseconds, 0.99);
  // What the honest users cost in the same time is no part of the attack, and a call of the
  // attacker that passed costs what theirs do.
  const each = quiet.spent.dollars / quiet.honest.done;
  const eachCalls = quiet.spent.table / quiet.honest.done;
  const refusals = Math.max(attacker.limited, 1);
  const refused = Math.max(0, spent.dollars - each * (honest.done + attacker.done)) / refusals;
  const calls = Math.max(0, spent.table - eachCalls * (honest.done + attacker.done)) / refusals;
  const passing = Math.min(attack.rate.perSecond, firewallRate);
  const hourly = 3600 * (passing * each + (firewallRate - passing) * refused);
  // The meter counts what functions do; the gateway's request is added.
  const { websocket_messages, rest_requests } = prices;
  const request = /^(handshakes|messages)/.test(attack.name) ? websocket_messages : rest_requests;
  return {
    kind: attack.name,
    "honest p99 ms, quiet": round(p99(quiet.honest.milliseconds)),
    attacked: round(p99(honest.milliseconds)),
    ratio: round(p99(honest.milliseconds) / p99(quiet.honest.milliseconds)),
    "behind the firewall": round(p99(behind.honest.milliseconds)),
    "ratio there": round(p99(behind.honest.milliseconds) / p99(quiet.honest.milliseconds)),
    "honest failed": failed(honest),
    "failed there": failed(behind.honest),
    "tries a second": round(attacker.tried / took),
    passed: attacker.done,
    may: round(mayPass(attack.rate, took)),
    "table calls a refusal": round(calls),
    "$ a million refusals": round(refused * 1e6),
    "$ an hour": round(hourly),
    "with the gateway": round(hourly + 3600 * firewallRate * request),
  };
}

const wanted = process.argv.slice(2);
const unknown = wanted.find(
  (word) => word !== "dearest" && !attacks.some(({ name }) => name.startsWith(word)),
);
if (unknown !== undefined) {
  console.error(`There is no kind ${unknown}; there are ${attacks.map(({ name }) => name)}`);
  process.exit(2);
}
const dearest = dearestCalls();
print(
  "The dearest call of each kind, of one token or address at the firewall's limit",
  dearest.map(({ dollars, perSecond, anHour, anHourWithDomain, ...row }) => ({
    ...row,
    "$ a million": round(dollars * 1e6),
    "passed a second": round(perSecond),
    "$ an hour": round(anHour),
    "with a domain": round(anHourWithDomain),
  })),
);
const tooDear = dearest.filter(({ anHourWithDomain }) => anHourWithDomain >= 1);
if (tooDear.length > 0) {
  console.error(`A dollar an hour or more: ${tooDear.map(({ route }) => route)}`);
  process.exit(1);
}
if (wanted.includes("dearest")) process.exit(0);
const system = await startSystem({ env: { DEMO: "off", STAGE: "prod" } });
process.env.API_URL = system.url;
process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
try {
  const place = await makePlace();
  const rows: Awaited<ReturnType<typeof measure>>[] = [];
  for (const attack of attacks) {
    if (wanted.length > 0 && !wanted.some((word) => attack.name.startsWith(word))) continue;
    rows.push(await measure(attack, place));
    console.error(JSON.stringify(rows.at(-1)));
  }
  print(`One attacker and ten honest users, ${seconds.attacked} s each`, rows);
  console.log(`$ an hour: at ${firewallRate} tries a second, beyond which the firewall stops them`);
} finally {
  await system.stop();
}
