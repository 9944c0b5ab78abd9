import type { Payload, Poster, PostResult } from "../../../platform/push/gateway.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { environment } from "./environments.ts";
import type { Use } from "./usage-costs.ts";

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
export type Quota = { perSecond: number; burst: number };

/** What the gateway and its clients are like: shares of connections and of posts. */
const world = {
  /** Milliseconds of a post: median, 99th percentile; of one that is refused. */
  post: [15, 45],
  refused: 5,
  /** From the gateway to the viewer's screen. */
  network: [30, 120],
  /** Connections whose buffer is full for a while, and then takes posts again. */
  slowShare: 0.002,
  slowMilliseconds: 4_000,
  fastMilliseconds: 16_000,
  /** Posts that get no answer at all. */
  lostShare: 0.0001,
} as const;

/** One environment's posting side: sockets of `createPoster`, and the CPU of one vCPU. */
const client = { sockets: 160, postsPerMillisecond: 20 };

/** Posts of one environment on their way: in its line, and out on its sockets. */
function createSender(clock: Clock) {
  let [inFlight, startedThisMillisecond, startedAt] = [0, 0, 0];
  let waitsForTime = false;
  const waiting: (() => void)[] = [];
  let firstWaiting = 0;

  function start(): void {
    while (firstWaiting < waiting.length && inFlight < client.sockets) {
      if (clock.now() !== startedAt) [startedAt, startedThisMillisecond] = [clock.now(), 0];
      if (startedThisMillisecond >= client.postsPerMillisecond) {
        startLater();
        return;
      }
      startedThisMillisecond += 1;
      inFlight += 1;
      waiting[firstWaiting]!();
      firstWaiting += 1;
    }
    if (firstWaiting < waiting.length && firstWaiting < 10_000) return;
    waiting.splice(0, firstWaiting);
    firstWaiting = 0;
  }
  function startLater(): void {
    if (waitsForTime) return;
    waitsForTime = true;
    clock.at(clock.now() + 1, () => {
      waitsForTime = false;
      start();
    });
  }

  return {
    send(post: () => void): void {
      waiting.push(post);
      start();
    },
    /** A socket is free again. */
    done(): void {
      inFlight -= 1;
      start();
    },
  };
}

/** A connection as the gateway sees it. */
export type Connection = { isOpen: boolean; isSlow: boolean; take(payload: Payload): void };

/** API Gateway's WebSocket side: the account's token bucket, and what becomes of each post. */
export function createGateway(
  clock: Clock,
  chance: Chance,
  use: Use,
  quota: Quota,
  find: (connectionId: string) => Connection | undefined,
) {
  const results: Record<PostResult, number> = {
    sent: 0,
    gone: 0,
    too_fast: 0,
    refused: 0,
    lost: 0,
  };
  let [tokens, filledAt] = [quota.burst, clock.now()];
  const senders = new Map<string, ReturnType<typeof createSender>>();
  /** When the last message to each connection arrives. */
  const arrivals = new WeakMap<Connection, number>();
  let bytesOut = 0;
  let peak = { second: 0, count: 0, most: 0 };

  /** Whether the account's bucket lets one more call through. */
  function admits(): boolean {
    const passed = (clock.now() - filledAt) / 1000;
    tokens = Math.min(quota.burst, tokens + passed * quota.perSecond);
    filledAt = clock.now();
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }

  function count(): void {
    const second = Math.floor(clock.now() / 1000);
    if (second !== peak.second) peak = { ...peak, second, count: 0 };
    peak.count += 1;
    peak.most = Math.max(peak.most, peak.count);
  }

  function post(connectionId: string, payload: Payload): Promise<PostResult> {
    return new Promise((done) => {
      const end = (result: PostResult, after: number) =>
        clock.at(clock.now() + after, () => {
          results[result] += 1;
          done(result);
          sender.done();
        });
      const name = environment.getStore() ?? "";
      const sender = senders.get(name) ?? createSender(clock);
      senders.set(name, sender);
      sender.send(() => {
        count();
        const service = chance.around(...world.post);
        if (!admits()) return end("too_fast", world.refused);
        use.websocket_messages += Math.ceil(payload.bytes.byteLength / 32_768);
        const connection = find(connectionId);
        if (connection === undefined || !connection.isOpen) return end("gone", world.refused);
        if (connection.isSlow) return end("too_fast", service);
        if (chance.hits(world.lostShare)) return end("lost", 2_000);
        bytesOut += payload.bytes.byteLength;
        // One socket carries its messages in the order in which they were taken.
        const arrives = clock.now() + service + chance.around(...world.network);
        const at = Math.max(arrives, arrivals.get(connection) ?? 0);
        arrivals.set(connection, at);
        clock.at(at, () => connection.take(payload));
        end("sent", service);
      });
    });
  }

  const poster: Poster = {
    post,
    close: async () => "sent",
    probe: async () => "sent",
  };
  return {
    poster,
    admits,
    /** Lets a share of the connections be slow by turns. */
    slowDown(connections: readonly Connection[]): void {
      for (const connection of connections) {
        if (!chance.hits(world.slowShare * 5)) continue;
        const turn = () => {
          connection.isSlow = !connection.isSlow;
          const span = connection.isSlow ? world.slowMilliseconds : world.fastMilliseconds;
          clock.at(clock.now() + span * (0.5 + chance.next()), turn);
        };
        clock.at(clock.now() + chance.next() * world.fastMilliseconds, turn);
      }
    },
    report: () => ({ results, bytesOut, postsPerSecondMost: peak.most }),
  };
}

export type Gateway = ReturnType<typeof createGateway>;
