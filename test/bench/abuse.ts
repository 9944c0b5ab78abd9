/**
 * `npm run bench:abuse`: the most expensive call of each kind according to the contracts, and calls
 * with made-up credentials, per hour at the firewall's limit. Exits with 1 if a call of a kind
 * costs a dollar an hour or more. `npm run bench -- attackers` measures attacks.
 */
import { readCommand } from "./command.ts";
import { inventedCalls, listExpensiveCalls } from "./expensive-calls.ts";
import { print, round } from "./figures.ts";

readCommand("npm run bench:abuse: computes what the most expensive calls cost an hour", {});
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
