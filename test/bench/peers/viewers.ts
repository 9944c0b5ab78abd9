/** All viewers of a run, in a process of their own: its parent says what to do. */
import { quantile, wait } from "../figures.ts";
import type { ViewersWish } from "./contender.ts";
import { clock, readContent } from "./event.ts";
import { connectViewer } from "./protocols.ts";

export type ToViewers =
  | { do: "open"; wish: ViewersWish }
  | { do: "begin"; run: number; events: number }
  | { do: "drop"; count?: number }
  | { do: "count" }
  | { do: "end"; sent: number[] };

/** What was seen of a run so far. */
export type Count = { delivered: number; watching: number };

/** What was seen of a whole run. Delays are those of first deliveries, in milliseconds, if any. */
export type Seen = {
  delivered: number;
  lost: number;
  doubled: number;
  p50: number | null;
  p99: number | null;
  frames: number;
  cpuSeconds: number;
};

type Viewer = { link?: ReturnType<typeof connectViewer>; watching: number; received: Uint8Array };

const openedAtOnce = 25;
const viewers: Viewer[] = [];
let run = { id: 0, frames: 0, delivered: 0, delays: [] as number[], cpu: process.cpuUsage() };

async function open({ protocol, urls, streamId, addresses }: ViewersWish): Promise<void> {
  for (let at = 0; at < urls.length; at += openedAtOnce) {
    const opening = urls.slice(at, at + openedAtOnce).map((url, n) => {
      const localAddress = addresses?.[(at + n) % addresses.length];
      const viewer: Viewer = { watching: 0, received: new Uint8Array() };
      viewers.push(viewer);
      return new Promise<void>((done) => {
        viewer.link = connectViewer(
          { protocol, url, ...(streamId && { streamId }), ...(localAddress && { localAddress }) },
          {
            watching() {
              viewer.watching += 1;
              done();
            },
            frame() {
              run.frames += 1;
            },
            event: (content) => see(viewer, content),
          },
        );
      });
    });
    await Promise.all(opening);
  }
  setInterval(() => {
    for (const { link } of viewers) link?.tick();
  }, 1000);
}

function see({ received }: Viewer, content: string): void {
  const sent = readContent(content);
  if (sent?.run !== run.id || sent.n >= received.length) return;
  const before = received[sent.n]!;
  received[sent.n] = Math.min(before + 1, 255);
  if (before > 0) return;
  run.delivered += 1;
  run.delays.push(clock() - sent.sentAt);
}

function begin(id: number, events: number): void {
  for (const viewer of viewers) Object.assign(viewer, { received: new Uint8Array(events) });
  run = { id, frames: 0, delivered: 0, delays: [], cpu: process.cpuUsage() };
}

function end(sent: readonly number[]): Seen {
  let [lost, doubled] = [0, 0];
  for (const { received } of viewers) {
    for (const n of sent) if (received[n] === 0) lost += 1;
    for (const times of received) doubled += Math.max(0, times - 1);
  }
  const { user, system } = process.cpuUsage(run.cpu);
  return {
    delivered: run.delivered,
    lost,
    doubled,
    p50: quantile(run.delays, 0.5),
    p99: quantile(run.delays, 0.99),
    frames: run.frames,
    cpuSeconds: (user + system) / 1e6,
  };
}

/** Drops the sockets of `count` viewers: those who lost them longest ago. */
function drop(count: number): void {
  const dropped = viewers.splice(0, count);
  for (const { link } of dropped) link?.drop();
  viewers.push(...dropped);
}

async function answer(message: ToViewers): Promise<unknown> {
  if (message.do === "open") await open(message.wish);
  else if (message.do === "begin") begin(message.run, message.events);
  else if (message.do === "drop") drop(message.count ?? viewers.length);
  else if (message.do === "end") return end(message.sent);
  await wait(0);
  const watching = viewers.filter((viewer) => viewer.watching > 0).length;
  return { delivered: run.delivered, watching } satisfies Count;
}

process.on("message", (message: ToViewers) => {
  void answer(message).then((said) => process.send!(said));
});
process.on("disconnect", () => process.exit(0));
