import { fork } from "node:child_process";
import { join } from "node:path";
import type { ArrivalCase } from "./arrivals.ts";
import type { ChatCase } from "./chat.ts";
import type { CrowdCase } from "./crowd.ts";
import type { RelayCase } from "./relay-room.ts";
import type { Case, Figures } from "./room.ts";

/** Simulates a room in a process of its own; throws when that ends without figures. */
export function run(
  given: Case | ArrivalCase | ChatCase | CrowdCase | RelayCase,
): Promise<Figures> {
  return new Promise((done, fail) => {
    const child = fork(join(import.meta.dirname, "case.ts"), [JSON.stringify(given)], {
      // Metrics of simulated functions would hide the figures; faults are logged.
      env: { POWERTOOLS_LOG_LEVEL: "ERROR", ...process.env, NODE_OPTIONS: "" },
      execArgv: [],
    });
    child.once("message", (figures) => done(figures as Figures));
    child.once("exit", (code) => fail(new Error(`A simulation ended with ${code}`)));
  });
}

/** What has to be 0 in any room. */
const mustBeNone = [
  ...["money and bans missing", "chat unaccounted", "doubled"],
  ...["holes in numbers", "not whole"],
];

/** Whether the log has all that was written, each once, and every viewer has all of the log. */
export const isWhole = (figures: Figures) => mustBeNone.every((name) => figures[name] === 0);

/** What has to be 0 in any crowd. */
const noneInCrowd = [
  ...["5xx", "failed calls", "throttled", "sum differs by"],
  ...["live sum differs by", "result differs by", "chat missing"],
];

/** What is wrong with a crowd's figures. */
export const crowdFaults = (figures: Figures): string[] => [
  ...noneInCrowd.filter((name) => Number(figures[name] ?? 0) !== 0),
  ...(Number(figures["result after s"] ?? 0) > 20 ? ["result after s"] : []),
];

/** What has to be 0 when viewers arrive. */
export const arrivalFaults = (figures: Figures): string[] =>
  ["failed batches", "pages not loaded", "not in the room"]
    .filter((name) => figures[name] !== 0)
    .map((name) => `${name}: ${figures[name]}`);
