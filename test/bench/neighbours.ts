import { startRoom } from "./clocking.ts";
import { print } from "./figures.ts";
import { type Audience, openAudience, play, type Row } from "./peers/play.ts";

const viewers = { small: 5, large: 400 };
const rates = { small: 5, large: 40 };
const seconds = 10;
const rounds = 3;

/** How frames of the large room are posted, as the threshold above which rooms use the queue. */
const ways = [
  { posted: "by the stream's reader", largeRoomViewers: 1_000 },
  { posted: "through the queue", largeRoomViewers: 100 },
];

async function open(room: Parameters<typeof openAudience>[0], size: number): Promise<Audience> {
  const audience = await openAudience(room, size);
  if (audience === undefined) throw new Error("The viewers could not connect");
  return audience;
}

/** Delay of a small room, alone and next to a busy large room on the same machine, in turns. */
async function measure({ posted, largeRoomViewers }: (typeof ways)[number]): Promise<Row[]> {
  const large = await startRoom(largeRoomViewers);
  try {
    const small = await large.openRoom();
    const crowd = await open(large, viewers.large);
    const few = await open(small, viewers.small);
    await Promise.all([
      play(large, crowd, { rate: rates.large, seconds: 4 }),
      play(small, few, { rate: rates.small, seconds: 4 }),
    ]);
    const rows: Row[] = [];
    for (let round = 1; round <= rounds; round++)
      for (const neighbour of ["nothing", "the large room"]) {
        const [own, other] = await Promise.all([
          play(small, few, { rate: rates.small, seconds }),
          neighbour === "nothing" ? undefined : play(large, crowd, { rate: rates.large, seconds }),
        ]);
        rows.push({
          "large room posted": posted,
          "small room with": neighbour,
          round,
          "p50 ms": own.row["p50 ms"]!,
          "p99 ms": own.row["p99 ms"]!,
          "large p50 ms": other?.row["p50 ms"] ?? "",
          lost: Number(own.row.lost) + Number(other?.row.lost ?? 0),
        });
      }
    for (const audience of [crowd, few]) audience.end();
    return rows;
  } finally {
    await large.stop();
  }
}

/** Whether a large room delays a small one, when both share a function and when they do not. */
export async function benchNeighbours(): Promise<void> {
  const rows: Row[] = [];
  for (const way of ways) rows.push(...(await measure(way)));
  print(`${viewers.small} viewers next to ${viewers.large}; rounds of ${seconds} s in turns`, rows);
}
