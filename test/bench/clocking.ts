import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { call, liveStream, person } from "../api/people.ts";
import { freePort } from "../system.ts";
import { print, quantile, round } from "./figures.ts";
import type { Contender } from "./peers/contender.ts";
import { type Audience, openAudience, play, type Row } from "./peers/play.ts";
import { endProcess } from "./peers/processes.ts";

const viewers = 400;
const seconds = 8;
const rounds = 3;

/**
 * How frames are posted (by the stream's consumer or through the queue), as the number of viewers
 * above which a room uses the queue; and the two loads to compare, in messages per second.
 */
const ways = [
  {
    name: "by the stream's reader",
    largeRoomViewers: 1_000,
    loads: [
      [2, 20],
      [20, 200],
    ],
  },
  {
    name: "through the queue",
    largeRoomViewers: 100,
    loads: [
      [1, 10],
      [10, 100],
    ],
  },
];

/** A room that can also report how many events its log has skipped since the last call. */
type Room = Contender & { countSkipped(): Promise<number> };

/** Starts the stage with that threshold and opens one room; `openRoom` opens more of them. */
export async function startRoom(
  largeRoomViewers: number,
): Promise<Room & { openRoom(): Promise<Room> }> {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "ovation-clocking-"));
  const file = join(import.meta.dirname, "clocking-system.ts");
  const options = [directory, String(port), String(largeRoomViewers)];
  const server: ChildProcess = fork(file, options, { env: { ...process.env, NODE_OPTIONS: "" } });
  await new Promise<void>((done, fail) => {
    server.once("message", () => done());
    server.once("exit", (code) =>
      fail(new Error(`The system exited with ${code} while it started`)),
    );
  });
  const said = new Map<number, () => void>();
  server.on("message", (message: { said: number }) => {
    said.get(message.said)?.();
    said.delete(message.said);
  });
  process.env.API_URL = `http://127.0.0.1:${port}`;
  let n = 0;
  async function openRoom(): Promise<Room> {
    const { id: streamId } = await liveStream();
    const host = await person();
    let frame = 0;
    return {
      name: "Ovation",
      pid: () => server.pid!,
      async wish(size) {
        const urls: string[] = [];
        for (let at = 0; at < size; at++)
          urls.push(`ws://127.0.0.1:${port}/ws?token=${(await person()).token}`);
        return { protocol: "frames", urls, streamId };
      },
      speak: (content) =>
        new Promise((done) => {
          n += 1;
          said.set(n, () => done(true));
          server.send({ streamId, n, content });
        }),
      async countSkipped() {
        for (let skipped = 0; ; ) {
          const path = `/api/v1/live-stream/${streamId}/events?after=${frame}`;
          const { frames } = (await call(`GET ${path}`, { as: host })).body.data;
          if (frames.length === 0) return skipped;
          for (const one of frames) skipped += one.skipped;
          frame = frames.at(-1).frame;
        }
      },
      crash: () => Promise.reject(new Error("This benchmark kills nothing")),
      async stop() {
        await endProcess(server, "SIGTERM");
        await rm(directory, { recursive: true, force: true });
      },
    };
  }
  return { ...(await openRoom()), openRoom };
}

const names = ["frames/s", "events/frame", "p50 ms", "p99 ms", "skipped %"] as const;
type Figures = Record<(typeof names)[number], number>;

/** Plays a run. Throws if a viewer missed an event that was not skipped, or saw one twice. */
async function figuresOf(system: Room, audience: Audience, rate: number): Promise<Figures> {
  const { row, isWhole } = await play(system, audience, { rate, seconds });
  const skipped = await system.countSkipped();
  if (!isWhole || row.doubled !== 0 || row.lost !== skipped * viewers)
    throw new Error(
      `Events are missing or doubled, with ${skipped} skipped: ${JSON.stringify(row)}`,
    );
  const frames = Number(row["messages/viewer"]);
  return {
    "frames/s": frames / seconds,
    "events/frame": (rate * seconds - skipped) / frames,
    "p50 ms": Number(row["p50 ms"]),
    "p99 ms": Number(row["p99 ms"]),
    "skipped %": (100 * skipped) / (rate * seconds),
  };
}

const mediansOf = (runs: readonly Figures[]) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      quantile(
        runs.map((run) => run[name]),
        0.5,
      ),
    ]),
  ) as Figures;

/** Medians of one way of posting, for each of its loads, and their ratios. */
async function measure({ name, largeRoomViewers, loads }: (typeof ways)[number]): Promise<Row[]> {
  const system = await startRoom(largeRoomViewers);
  try {
    const audience = await openAudience(system, viewers);
    if (audience === undefined) throw new Error("The viewers could not connect");
    // Warm up, so that no cold start is measured.
    await play(system, audience, { rate: 20, seconds: 4 });
    await system.countSkipped();
    const rows: Row[] = [];
    for (const pair of loads) {
      const runs = pair.map((rate) => ({ rate, figures: [] as Figures[] }));
      for (let round = 0; round < rounds; round++)
        for (const { rate, figures } of runs) figures.push(await figuresOf(system, audience, rate));
      const [low, high] = runs.map(({ figures }) => mediansOf(figures)) as [Figures, Figures];
      const rowOf = (load: string, values: Figures): Row => ({
        posted: name,
        "events/s": load,
        ...Object.fromEntries(names.map((name) => [name, round(values[name])])),
      });
      const ratio = { ...rowOf("ratio", low), "skipped %": "" };
      for (const name of names.filter((name) => name !== "skipped %"))
        Object.assign(ratio, { [name]: round(high[name] / low[name]) });
      rows.push(...runs.map(({ rate }, at) => rowOf(String(rate), [low, high][at]!)), ratio);
    }
    audience.end();
    return rows;
  } finally {
    await system.stop();
  }
}

/**
 * Whether more records share a frame as the load rises: frames, their size and the delay from write
 * to delivery, at a load and at ten times that load, in alternating rounds.
 */
export async function benchClocking(): Promise<void> {
  const rows: Row[] = [];
  for (const way of ways) rows.push(...(await measure(way)));
  print(`${viewers} viewers; medians of ${rounds} rounds of ${seconds} s, alternating`, rows);
}
