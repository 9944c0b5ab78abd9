import recorded from "../../docs/units.json" with { type: "json" };
import { nextSeconds } from "../../domain/audience/likes.ts";
import { dollarsOf, type PricedItem } from "../../local/aws/prices.ts";

/** A room as it is on the evenings that are paid for. */
export type Room = {
  viewers: number;
  /** Chat messages that its viewers send in a second, all together. */
  messagesPerSecond: number;
  /** Paid gifts in a second. */
  giftsPerSecond: number;
  /** The share of the viewers who tap hearts, all the time; 0 where it is absent. */
  tappingShare?: number;
  /** Votes in polls in a second, on the average; 0 where it is absent. */
  votesPerSecond?: number;
  /** Hours of live video in a month. */
  hours: number;
  /** Where the stage has a domain: whether a firewall is before it. */
  domain?: { firewall: boolean };
  /** Where a relay serves it: how many tasks it has at least, all month. */
  relay?: { minTasks: number };
};

type Units = { read: number; write: number };
const sum = (...all: readonly Units[]): Units => ({
  read: all.reduce((units, { read }) => units + read, 0),
  write: all.reduce((units, { write }) => units + write, 0),
});

const times = (n: number, { read, write }: Units): Units => ({ read: n * read, write: n * write });

/** What a like or vote takes in addition as a record that gathers. */
const gathered: Units = { write: 1.4, read: 0.1 };
/** The same of each look at the table's stream that finds any, and of the frame of sums. */
const gathering = {
  write: 3,
  read: 1.5,
  calls: 1.25,
  gigabyteSeconds: 0.11,
  perSecond: 4,
} as const;
/** The share of the votes that are a user's first in a poll. */
const firstVotes = 0.9;

/** Request units of one call with all that follows from it but its frame; gifts settled alone. */
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

/** Milliseconds that a function is billed for, and its memory: estimated, `docs/scale.md`. */
const runs = {
  message: { milliseconds: 20, gigabytes: 0.5 },
  gift: { milliseconds: 50, gigabytes: 0.5 },
  like: { milliseconds: 35, gigabytes: 0.5 },
  vote: { milliseconds: 35, gigabytes: 0.5 },
} as const;

/** Functions that run for a call: a gift is settled by another. */
const runsOf = { message: 1, gift: 2, like: 1, vote: 1 } as const;

type Calls = Record<keyof typeof runs, number>;
const kinds = Object.keys(runs) as (keyof Calls)[];
const over = (calls: Calls, each: (kind: keyof Calls) => number) =>
  kinds.reduce((all, kind) => all + calls[kind] * each(kind), 0);

/** The calls of the room's people in a second; a client likes as often as its answers say. */
const callsOf = (room: Room): Calls => ({
  message: room.messagesPerSecond,
  gift: room.giftsPerSecond,
  like: (room.viewers * (room.tappingShare ?? 0)) / nextSeconds(room.viewers),
  vote: room.votesPerSecond ?? 0,
});

/** What a second of these calls uses, without what is shown of them. */
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

/** What a second of likes and votes costs in dollars: to be compared with the simulator. */
export const crowdDollars = (room: Room): number =>
  dollarsOf(
    Object.entries(useOfCalls({ ...callsOf(room), message: 0, gift: 0 })) as [PricedItem, number][],
  ).total;

/** What a second of the calls of all its people uses. */
export const useOfRoom = (room: Room) => useOfCalls(callsOf(room));
