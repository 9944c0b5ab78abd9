/**
 * `npm run bench:abuse [names]`: for each kind of call, one attacker at full speed next to ten
 * normal users, with prod's limits. Prints how much slower the normal users' calls became, how many
 * of the attacker's calls passed, and what the attack would cost on AWS per hour. A second run
 * keeps the attacker within the rate that prod's firewall allows one token.
 *
 * First it lists the most expensive call of each kind according to the contracts, and exits with 1
 * if one costs a dollar an hour or more; `npm run bench:abuse -- expensive` prints only this list.
 */
import { requestsPerTokenMax } from "../../lib/edge/firewall-rules.ts";
import { prices } from "../../local/aws/prices.ts";
import { startSystem } from "../system.ts";
import { allowance, openClients } from "./abuse-run.ts";
import { type Attack, attacks, type Fixture, makeFixture } from "./attacks.ts";
import { readCommand, refuse } from "./command.ts";
import { inventedCalls, listExpensiveCalls } from "./expensive-calls.ts";
import { print, quantile, round } from "./figures.ts";
import { countOf, errorsOf, type Tally, triesOf } from "./tally.ts";

const seconds = { quiet: 6, attacked: 5, behindFirewall: 6 };

/** Requests per second of one token beyond which the firewall blocks it. */
const firewallRate = requestsPerTokenMax.others / 60;

const failed = (tally: Tally) => triesOf(tally) - countOf(tally, "done");

async function measure(attack: Attack, fixture: Fixture) {
  const clients = await openClients(attack, fixture);
  const quiet = await clients.run(seconds.quiet, 0);
  const attacked = await clients.run(seconds.attacked, Number.POSITIVE_INFINITY);
  clients.end();
  // New users, whose buckets are full.
  const others = await openClients(attack, fixture);
  const behind = await others.run(seconds.behindFirewall, firewallRate);
  others.end();
  const { normal, attacker, spent, seconds: took } = attacked;
  for (const error of new Set([normal, behind.normal].flatMap(errorsOf)))
    console.error(`${attack.name}, normal: ${error}`);
  const p99 = (milliseconds: readonly number[]) => quantile(milliseconds, 0.99);
  // Leaves out the cost of the normal users' calls. A call of the attacker that passed costs as
  // much as one of theirs.
  const quietDone = countOf(quiet.normal, "done");
  const each = quiet.spent.dollars / quietDone;
  const eachCalls = quiet.spent.table / quietDone;
  const passed = countOf(attacker, "done");
  const done = countOf(normal, "done") + passed;
  const refusals = Math.max(countOf(attacker, "limited"), 1);
  const refused = Math.max(0, spent.dollars - each * done) / refusals;
  const calls = Math.max(0, spent.table - eachCalls * done) / refusals;
  const passing = Math.min(attack.rate.perSecond, firewallRate);
  const hourly = 3600 * (passing * each + (firewallRate - passing) * refused);
  // The meter counts what functions do; the gateway's request is added.
  const { websocket_messages, rest_requests } = prices;
  const request = /^(handshakes|messages)/.test(attack.name) ? websocket_messages : rest_requests;
  return {
    kind: attack.name,
    "normal p99 ms, quiet": round(p99(quiet.normal.milliseconds)),
    attacked: round(p99(normal.milliseconds)),
    ratio: round(p99(normal.milliseconds) / p99(quiet.normal.milliseconds)),
    "behind the firewall": round(p99(behind.normal.milliseconds)),
    "ratio there": round(p99(behind.normal.milliseconds) / p99(quiet.normal.milliseconds)),
    "normal failed": failed(normal),
    "failed there": failed(behind.normal),
    "attempts/s": round(triesOf(attacker) / took),
    passed,
    allowed: round(allowance(attack.rate, took)),
    "table calls/refusal": round(calls),
    "$/million refusals": round(refused * 1e6),
    "$/hour": round(hourly),
    "$/hour with the gateway": round(hourly + 3600 * firewallRate * request),
  };
}

const usage = `npm run bench:abuse -- [names]
  names: expensive (only the list), or beginnings of ${attacks.map(({ name }) => name).join(", ")}`;
const { names: wanted } = readCommand(usage, {});
const unknown = wanted.find(
  (word) => word !== "expensive" && !attacks.some(({ name }) => name.startsWith(word)),
);
if (unknown !== undefined) refuse(`Unknown kind ${unknown}`, usage);
const expensiveCalls = listExpensiveCalls();
print(
  "The most expensive call of each kind, by one token or address at the firewall's limit",
  expensiveCalls.map(({ dollars, perSecond, anHour, anHourWithDomain, ...row }) => ({
    ...row,
    "$/million": round(dollars * 1e6),
    "passed/s": round(perSecond),
    "$/hour": round(anHour),
    "$/hour with a domain": round(anHourWithDomain),
  })),
);
print(
  "Calls that prove nothing, by one address at the firewall's limit",
  inventedCalls().map(({ kind, perSecond, anHour, anHourWithDomain }) => ({
    kind,
    "tried/s": round(perSecond),
    "$/hour": round(anHour),
    "$/hour with a domain": round(anHourWithDomain),
  })),
);
const tooExpensive = expensiveCalls.filter(({ anHourWithDomain }) => anHourWithDomain >= 1);
if (tooExpensive.length > 0) {
  console.error(`A dollar an hour or more: ${tooExpensive.map(({ route }) => route)}`);
  process.exit(1);
}
if (wanted.includes("expensive")) process.exit(0);
const system = await startSystem({ env: { DEMO: "off", STAGE: "prod" } });
process.env.API_URL = system.url;
process.env.WS_URL = `${system.url.replace("http", "ws")}/ws`;
try {
  const fixture = await makeFixture();
  const rows: Awaited<ReturnType<typeof measure>>[] = [];
  for (const attack of attacks) {
    if (wanted.length > 0 && !wanted.some((word) => attack.name.startsWith(word))) continue;
    rows.push(await measure(attack, fixture));
    console.error(JSON.stringify(rows.at(-1)));
  }
  print(`One attacker and ten normal users, ${seconds.attacked} s each`, rows);
  console.log(
    `$/hour: at ${firewallRate} attempts/s, the rate beyond which the firewall blocks them`,
  );
} finally {
  await system.stop();
}
