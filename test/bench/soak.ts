import { print, round } from "./figures.ts";
import { countThreads, readMegabytes } from "./memory.ts";
import { startOvation } from "./peers/ovation.ts";
import { openAudience, play, type Row } from "./peers/play.ts";

/** The load of each minute. */
const load = { viewers: 1_000, rate: 20, seconds: 50 };
/** The share of viewers that lose their sockets and reconnect each minute. */
const churnShare = 0.1;
const minutesDefault = 30;
/** Memory must be stable from here on: everything that loads once has loaded. */
const settledMinute = 5;
const growthMax = 1.1;

/**
 * A room of 1,000 viewers with 20 messages per second and churn: the system's memory at the end of
 * each minute. Throws if it grows by more than a tenth after minute 5.
 */
export async function benchSoak(minutes: number = minutesDefault): Promise<void> {
  const system = await startOvation();
  const rows: Row[] = [{ minute: 0, MB: round(readMegabytes(system.pid())) }];
  try {
    const audience = await openAudience(system, load.viewers);
    if (audience === undefined) throw new Error("The viewers could not connect");
    for (let minute = 1; minute <= minutes; minute++) {
      await audience.ask({ do: "drop", count: load.viewers * churnShare });
      const { row } = await play(system, audience, load);
      const threads = await countThreads();
      const { delivered, lost, doubled, "p99 ms": p99 } = row;
      const MB = round(readMegabytes(system.pid()));
      const seen = { minute, MB, threads, delivered, lost, doubled, "p99 ms": p99 } as Row;
      rows.push(seen);
      console.error(JSON.stringify(seen));
    }
    audience.end();
  } finally {
    await system.stop();
  }
  print(
    `${load.viewers} viewers, ${load.rate} events/s, a tenth of them reconnecting each minute`,
    rows,
  );
  const [settled, last] = [rows[settledMinute]?.MB, rows.at(-1)?.MB];
  if (settled !== undefined && Number(last) > Number(settled) * growthMax)
    throw new Error(`Memory grew from ${settled} MB at minute ${settledMinute} to ${last} MB`);
}
