import { createBacklog } from "../../../relay/backlog.ts";
import type { Connection } from "../../../relay/model.ts";
import { addSubscription, closeRoom, countViewer } from "../../../relay/room.ts";
import { createRooms } from "../../../relay/rooms.ts";
import { subscribe } from "../../../relay/subscribe.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { environment } from "./environments.ts";
import { streamId } from "./people.ts";
import type { Use } from "./usage-costs.ts";

/**
 * CPU time of a task's one thread, in milliseconds, as measured on a machine of two cores:
 * Fargate's arm64 CPU was not available.
 */
const cpu = {
  /** One write to one socket (`npm run bench -- sockets`). */
  write: 0.0075,
  /** One handshake and its subscription (`npm run bench -- relay-returns`, 2,000 viewers). */
  handshake: 0.85,
};
/** From the load balancer to the viewer's screen, and back: median and p99, as for posts. */
const network = [30, 120] as const;
/** The table calls of the authorizer and `$connect`: two in sequence, and their units. */
const admission = { calls: 2, milliseconds: [4, 15], read: 1.5, write: 1 } as const;

/** The viewer's end of a socket. */
export type Client = { userId: string; take(bytes: Buffer): void; lost(): void };

/** One task of a relay: the real rooms, with sockets and CPU that are simulated. */
export function createTask(clock: Clock, chance: Chance, use: Use, name: string) {
  const rooms = createRooms(name);
  const clients = new Map<Connection, Client>();
  let [isAlive, isTaking, count] = [true, true, 0];
  let busyUntil = clock.now();
  let [busy, bytesOut] = [0, 0];
  const own = <Result>(act: () => Result) => environment.run(name, act);

  /** When the thread has finished this work, after everything queued before it. */
  function work(milliseconds: number): number {
    busyUntil = Math.max(busyUntil, clock.now()) + milliseconds;
    busy += milliseconds;
    return busyUntil;
  }

  /**
   * The CPU work of handshakes. It waits for frames, and not the other way round: the thread works
   * on a few handshakes at a time (relay/state.ts), and writes frames in between.
   */
  const handshakes = createBacklog<() => void>({}, async ([done]) => {
    // The clock has whole milliseconds: what began in this one may end in it.
    while (busyUntil >= clock.now() + 1) await clock.wait(Math.floor(busyUntil - clock.now()));
    if (done) clock.at(work(cpu.handshake), done);
  });

  function connect(client: Client): Connection {
    let isOpen = true;
    let arrived = 0;
    const id = `${name}-${++count}`;
    const { userId } = client;
    const caller = { userId, roles: [], expiresAt: 4e9, issuedAt: 0, claims: {}, tokenId: "" };
    const connection: Connection = {
      id,
      caller,
      context: {},
      connectedAt: clock.now(),
      compact: false,
      subscriptions: new Map(),
      isOpen: () => isOpen && isAlive,
      unread: () => 0,
      write(...frames) {
        if (!connection.isOpen()) return;
        const bytes = Buffer.concat(frames);
        bytesOut += bytes.byteLength;
        // A socket preserves order.
        arrived = Math.max(arrived, work(cpu.write) + chance.around(...network));
        clock.at(arrived, () => clients.has(connection) && client.take(bytes));
      },
      send: (message) => connection.write(Buffer.from(JSON.stringify(message))),
      keepAlive: () => undefined,
      close() {
        isOpen = false;
        clients.delete(connection);
      },
    };
    clients.set(connection, client);
    return connection;
  }

  return {
    name,
    isTaking: () => isAlive && isTaking,
    /** Adds a viewer before the first event; all tasks together have `total`. */
    async seat(client: Client, total: number, now: Date): Promise<Connection> {
      const room = await own(() => rooms.open(streamId));
      // As if they had come one after the other, and each task had counted all of them since.
      Object.assign(room, { total, countedAt: now.getTime() });
      const connection = connect(client);
      const subscription = addSubscription(room, connection, now);
      countViewer(subscription);
      subscription.next = room.end.head + 1;
      subscription.isLive = true;
      return connection;
    },
    /** A handshake whose URL subscribes; undefined if the task has died in the meantime. */
    async open(client: Client, since: { epoch: string; frame: number }) {
      await new Promise<void>((done) => handshakes.add(done));
      for (let call = 0; call < admission.calls; call++)
        await clock.wait(chance.around(...admission.milliseconds));
      use.dynamodb_read_units += admission.read;
      use.dynamodb_write_units += admission.write;
      if (!isAlive) return undefined;
      const connection = connect(client);
      await own(() => subscribe(rooms, connection, { streamId, since }, new Date()));
      return connection;
    },
    /** The relay's work once a second. Each new viewer also has the viewers counted. */
    async tick(): Promise<void> {
      if (!isAlive) return;
      await own(async () => {
        await rooms.countViewers(await rooms.open(streamId));
        await rooms.tick(new Date());
      });
    },
    /** Dies as with `kill -9`: every socket breaks. */
    async kill(): Promise<void> {
      isAlive = false;
      closeRoom(await rooms.open(streamId));
      for (const [connection, client] of clients) {
        clients.delete(connection);
        clock.at(clock.now() + chance.around(...network), client.lost);
      }
    },
    /** Takes no more sockets, and ends those that it has evenly over a time, as relay.ts does. */
    async drain(milliseconds: number): Promise<void> {
      isTaking = false;
      const all = [...clients];
      for (const [n, [connection, client]] of all.entries())
        clock.at(clock.now() + (n / all.length) * milliseconds, () => {
          connection.close(1001);
          clock.at(clock.now() + chance.around(...network), client.lost);
        });
      await clock.wait(milliseconds);
      await own(() => rooms.end());
      isAlive = false;
    },
    report: () => ({ sockets: clients.size, busy, bytesOut }),
  };
}

export type Task = ReturnType<typeof createTask>;
