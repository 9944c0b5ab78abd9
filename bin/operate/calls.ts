import recorded from "../../docs/units.json" with { type: "json" };
import { nextSeconds } from "../../domain/audience/likes.ts";
import { dollarsOf, type PricedItem } from "../../local/aws/prices.ts";

/** A room during its live hours. */
export type Room = {
  viewers: number;
  /** Chat messages of all viewers, per second. */
  messagesPerSecond: number;
  /** Paid gifts per second. */
  giftsPerSecond: number;
  /** The share of viewers who tap hearts continuously; default 0. */
  tappingShare?: number;
  /** Votes in polls per second, on average; default 0. */
  votesPerSecond?: number;
  /** Hours of live video per month. */
  hours: number;
  /** The stage's domain, if any, and whether it has a firewall. */
  domain?: { firewall: boolean };
  /** Whether a stage without a domain has a firewall; by default it has, like prod. */
  hasFirewall?: boolean;
  /** The stage's relay, if any, and its minimum number of tasks. */
  relay?: { minTasks: number };
};

type Units = { read: number; write: number };
const sum = (...all: readonly Units[]): Units => ({
  read: all.reduce((units, { read }) => units + read, 0),
  write: all.reduce((units, { write }) => units + write, 0),
});

const times = (n: number, { read, write }: Units): Units => ({ read: n * read, write: n * write });

/** Extra units of a like or vote, which is a record to be gathered. */
const gathered: Units = { write: 1.4, read: 0.1 };
/** Extra cost of each poll of the table's stream that finds any, and of the frame of sums. */
const gathering = {
  write: 3,
  read: 1.5,
  calls: 1.25,
  gigabyteSeconds: 0.11,
  perSecond: 4,
} as const;
/** The share of votes that are a user's first in a poll. */
const firstVotes = 0.9;

/** Request units of one call with all its effects except frames; gifts settled one by one. */
const units = {
  message: recorded["chat message"],
  gift: sum(recorded["gift with a key"], recorded["settling a gift"]),
  like: sum(recorded.like, gathered),
  vote: sum(
    times(firstVotes, recorded["vote, first of a user"]),
    times(1 - firstVotes, recorded["vote, another one"]),
    gathered,
  ),
};

/** Estimated billed milliseconds and memory of functions, see `docs/scale.md`. */
const runs = {
  message: { milliseconds: 20, gigabytes: 0.5 },
  gift: { milliseconds: 50, gigabytes: 0.5 },
  like: { milliseconds: 35, gigabytes: 0.5 },
  vote: { milliseconds: 35, gigabytes: 0.5 },
} as const;

/** Invocations per call: a gift is settled by a second function. */
const runsOf = { message: 1, gift: 2, like: 1, vote: 1 } as const;

type Calls = Record<keyof typeof runs, number>;
const kinds = Object.keys(runs) as (keyof Calls)[];
const over = (calls: Calls, each: (kind: keyof Calls) => number) =>
  kinds.reduce((all, kind) => all + calls[kind] * each(kind), 0);

/**
 * Calls of the room's users per second; a client sends likes at the interval that responses set.
 */
const callsOf = (room: Room): Calls => ({
  message: room.messagesPerSecond,
  gift: room.giftsPerSecond,
  like: (room.viewers * (room.tappingShare ?? 0)) / nextSeconds(room.viewers),
  vote: room.votesPerSecond ?? 0,
});

/** Usage of one second of these calls, without their delivery. */
function useOfCalls(calls: Calls) {
  const { perSecond } = gathering;
  const looks = perSecond * (1 - Math.exp(-(calls.like + calls.vote) / perSecond));
  return {
    rest_requests: over(calls, () => 1),
    dynamodb_write_units: over(calls, (kind) => units[kind].write) + looks * gathering.write,
    dynamodb_read_units: over(calls, (kind) => units[kind].read) + looks * gathering.read,
    lambda_requests: over(calls, (kind) => runsOf[kind]) + looks * gathering.calls,
    lambda_gigabyte_seconds:
      over(calls, (kind) => runs[kind].milliseconds * runs[kind].gigabytes) / 1000 +
      looks * gathering.gigabyteSeconds,
  };
}

/** Cost of one second of likes and votes in dollars, for comparison with the simulator. */
export const crowdDollars = (room: Room): number =>
  dollarsOf(
    Object.entries(useOfCalls({ ...callsOf(room), message: 0, gift: 0 })) as [PricedItem, number][],
  ).total;

/** Usage of one second of all calls in the room. */
export const usageOfRoom = (room: Room) => useOfCalls(callsOf(room));
