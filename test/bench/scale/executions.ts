import { AsyncLocalStorage } from "node:async_hooks";
import { rowsOf } from "../../../lib/stages/route-table.ts";
import { queueConcurrencyOf, reservedOf } from "../../../lib/stages/stage-limits.ts";
import { stageOf } from "../../../lib/stages/stages.ts";
import { type RecentReads, useRecentReads } from "../../../platform/table/recent.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { environment } from "./environments.ts";

/** An account's executions, what a stage reserves of them, and the most of a queue's reader. */
export type Limits = {
  account: number;
  reserved: Readonly<Record<string, number>>;
  mapped: Readonly<Record<string, number>>;
};

/** Prod as it is synthesized: test/cloud/functions.test.ts compares both numbers. */
export function prodLimits(): Limits {
  const { accountConcurrency: account, reservedConcurrency } = stageOf(
    (name) => ({ stage: "prod" })[name],
  );
  const reserved = { ...reservedConcurrency } as Record<string, number>;
  const mapped = rowsOf("consumer").flatMap(({ name, contract: { on } }) =>
    "queue" in on ? [[name, queueConcurrencyOf(on, reserved[name])] as const] : [],
  );
  return { account, reserved, mapped: Object.fromEntries(mapped) };
}

/** Lambda answers 429: neither the function's reservation nor the pool has an execution left. */
export class Throttled extends Error {
  override name = "Throttled";
}

/**
 * Times in milliseconds, median and 99th percentile. A cold start is what the review assumed; none
 * has been measured on AWS. A call computes for about 10 ms in 512 MB.
 */
const times = { cold: [600, 1_200], own: [10, 25] } as const;

const createFunction = () => ({
  busy: 0,
  most: 0,
  throttled: 0,
  made: 0,
  warm: [] as { name: string; reads: RecentReads }[],
});

/** Who has which of the account's executions: functions with a reservation, and all others. */
function createPool({ account, reserved, mapped }: Limits) {
  const size = account - reservedOf({ reservedConcurrency: reserved });
  const functions = new Map<string, ReturnType<typeof createFunction>>();
  const waiting = new Map<string, (() => void)[]>();
  const pool = { size, busy: 0, most: 0 };
  const functionOf = (name: string) => {
    const found = functions.get(name) ?? createFunction();
    functions.set(name, found);
    return found;
  };
  return {
    pool,
    functions,
    functionOf,
    /** Takes an execution; whether there was one. */
    take(name: string): boolean {
      const own = functionOf(name);
      const reservation = reserved[name];
      if (reservation === undefined ? pool.busy >= size : own.busy >= reservation) return false;
      own.busy += 1;
      own.most = Math.max(own.most, own.busy);
      if (reservation !== undefined) return true;
      pool.busy += 1;
      pool.most = Math.max(pool.most, pool.busy);
      return true;
    },
    give(name: string): void {
      functionOf(name).busy -= 1;
      if (reserved[name] === undefined) pool.busy -= 1;
      waiting.get(name)?.shift()?.();
    },
    /** A queue's mapping hands out no more messages at once than its reader may have executions. */
    async awaitTurn(name: string): Promise<void> {
      const most = mapped[name] ?? Number.POSITIVE_INFINITY;
      while (functionOf(name).busy >= most) {
        const others = waiting.get(name) ?? [];
        waiting.set(name, others);
        await new Promise<void>((done) => others.push(done));
      }
    },
  };
}

/** Lambda's executions of one account, each in an environment that is kept for the next call. */
export function createExecutions(clock: Clock, chance: Chance, limits: Limits) {
  const { pool, functions, functionOf, take, give, awaitTurn } = createPool(limits);
  const counts = { calls: 0, cold: 0 };
  const running = new AsyncLocalStorage<RecentReads>();
  const elsewhere: RecentReads = new Map();
  useRecentReads(() => running.getStore() ?? elsewhere);

  /** Runs the work in a warm environment, or in a new one. */
  async function runIn<T>(name: string, work: () => Promise<T>): Promise<T> {
    const own = functionOf(name);
    const known = own.warm.pop();
    const env = known ?? { name: `${name}-${++own.made}`, reads: new Map() };
    if (known === undefined) {
      counts.cold += 1;
      await clock.wait(chance.around(...times.cold));
    }
    await clock.wait(chance.around(...times.own));
    const answer = running.run(env.reads, () => environment.run(env.name, work));
    return answer.finally(() => own.warm.push(env));
  }

  return {
    /** Runs a function in an environment; rejects with `Throttled` if none may run. */
    async run<T>(name: string, work: () => Promise<T>): Promise<T> {
      counts.calls += 1;
      await awaitTurn(name);
      if (!take(name)) {
        functionOf(name).throttled += 1;
        throw new Throttled(name);
      }
      return runIn(name, work).finally(() => give(name));
    },
    report() {
      const throttled = (isReserved: boolean) =>
        [...functions]
          .filter(([name]) => (limits.reserved[name] !== undefined) === isReserved)
          .reduce((sum, [, one]) => sum + one.throttled, 0);
      return {
        ...counts,
        shared: pool.size,
        most: pool.most,
        throttledOfPool: throttled(false),
        throttledOfReserved: throttled(true),
        mostOf: (name: string) => functionOf(name).most,
      };
    },
  };
}

export type Executions = ReturnType<typeof createExecutions>;
