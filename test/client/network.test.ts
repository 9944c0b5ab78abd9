import { createServer, connect as dial, type Socket } from "node:net";
import { WebSocket } from "ws";
import { createClient, type Frame, type Options } from "../../client/index.ts";
import { listen } from "../../local/reachable.ts";
import { callsOf, until } from "../local/audience.ts";
import { createRandom } from "../platform/push/random.ts";
import { sharedSystem } from "../shared.ts";

/** A TCP proxy in front of the system that can cut connections, or let them fall silent. */
async function startProxy(url: string) {
  const pairs = new Set<{ near: Socket; far: Socket; isSilent: boolean }>();
  const { port } = new URL(url);
  const server = createServer((near) => {
    const far = dial(Number(port), "127.0.0.1");
    const pair = { near, far, isSilent: false };
    pairs.add(pair);
    const pass = (from: Socket, to: Socket) => {
      from.on("data", (chunk) => pair.isSilent || to.write(chunk));
      from.on("error", () => {});
      // A dead network tells neither peer that the other has gone.
      from.on("close", () => {
        if (!pair.isSilent) to.destroy();
        if (near.destroyed && far.destroyed) pairs.delete(pair);
      });
    };
    pass(near, far);
    pass(far, near);
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    cut(): void {
      for (const { near, isSilent } of pairs) if (!isSilent) near.destroy();
    },
    /** Returns how many sockets fell silent: none while a viewer is still reconnecting. */
    silence(): number {
      const open = [...pairs].filter(({ near, isSilent }) => !near.destroyed && !isSilent);
      for (const pair of open) pair.isSilent = true;
      return open.length;
    },
    async stop(): Promise<void> {
      for (const { near, far } of pairs) {
        near.destroy();
        far.destroy();
      }
      await new Promise((done) => server.close(done));
    },
  };
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/**
 * Watches one room through a proxy while messages are sent to it; `seed` decides what breaks when.
 */
async function watchThroughFaults(calls: ReturnType<typeof callsOf>, url: string, seed: number) {
  const random = createRandom(seed);
  const proxy = await startProxy(url);
  const [host, viewer] = await Promise.all(
    ["host", "viewer"].map((name) => calls.person(`${name}${seed}`)),
  );
  const streamId = await calls.liveStream(host!);
  const frames: Frame[] = [];
  let sockets = 0;
  class Counted extends WebSocket {
    constructor(address: string, protocols?: string[]) {
      super(address, protocols);
      sockets += 1;
    }
  }
  const client = createClient({
    url: proxy.url,
    token: viewer!.token,
    WebSocket: Counted as unknown as NonNullable<Options["WebSocket"]>,
    pingMilliseconds: 1_000,
    compact: seed % 2 === 0,
  });
  const stream = client.subscribe(streamId, { onFrame: (frame) => frames.push(frame) });
  await until("the first answer", () => stream.position() !== undefined);
  const first = stream.position()!.frame;
  let silent = 0;
  for (let n = 0; n < 40; n++) {
    await calls.say(host!, streamId, `${n}`);
    await pause(random() * 500);
    if (n >= 5 + (seed % 3) && silent === 0) silent = proxy.silence();
    else if (random() < 0.1) proxy.cut();
  }
  // The last message has its frame a little later than its response.
  let log = await calls.log(host!, streamId);
  while (!JSON.stringify(log.at(-1)).includes('"content":"39"')) {
    await pause(50);
    log = await calls.log(host!, streamId);
  }
  await until("the last frame", () => frames.at(-1)?.frame === log.at(-1)!.frame);
  client.close();
  await proxy.stop();
  return { seed, sockets, silent, frames, log: log.filter(({ frame }) => frame > first) };
}

test("a viewer behind a network that cuts and drops connections sees the whole log, once and in order", async () => {
  const system = await sharedSystem();
  const calls = callsOf(system.url);
  const seeds = [1, 2, 3, 4];
  const runs = await Promise.all(seeds.map((seed) => watchThroughFaults(calls, system.url, seed)));
  for (const { seed, frames, log, sockets, silent } of runs) {
    expect({ seed, shown: frames.map(({ frame }) => frame) }).toEqual({
      seed,
      shown: log.map(({ frame }) => frame),
    });
    expect(frames.map(({ events }) => events)).toEqual(log.map(({ events }) => events));
    expect(silent).toBeGreaterThan(0);
    expect(sockets).toBeGreaterThan(1);
  }
});
