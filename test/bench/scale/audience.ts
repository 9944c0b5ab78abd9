import { createFollower, type Follower } from "../../../client/follower.ts";
import type { Message } from "../../../client/message.ts";
import { pingMillisecondsDefault, silenceLimitOf } from "../../../client/session.ts";
import { revisionAt } from "../../../domain/log/subscriber.ts";
import type { Payload } from "../../../platform/push/gateway.ts";
import { subscribe } from "../../../platform/realtime/subscription.ts";
import {
  connectionExpiry,
  dropConnection,
  findConnection,
} from "../../../platform/store/log/connections.ts";
import { findHeads, subscriberItem } from "../../../platform/store/log/subscribers.ts";
import { key } from "../../../platform/table/keys.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import type { Connection, Gateway } from "./gateway.ts";
import { streamId } from "./people.ts";
import type { SimulatedTable } from "./table.ts";
import type { Use } from "./usage-costs.ts";

/** One viewer, who follows the four rules of the client. */
export type Viewer = Connection & {
  userId: string;
  connectionId: string;
  follower: Follower;
  shown: number;
  /** When it asks for the newest frame, unless one comes. */
  askAt: number;
};

const world = {
  /** Sockets that break, of all and in a minute; how many of them reach `$disconnect`. */
  breaksPerMinute: 0.01,
  toldShare: 0.9,
  reconnectMilliseconds: [800, 5_000],
  /** Connections that are dead from the beginning, without anybody knowing. */
  deadShare: 0.01,
  /** From a viewer's message to its handler. */
  inbound: [40, 150],
} as const;

/** About what a handler of the WebSocket API takes: 30 ms of 256 MB. */
const handlerGigabyteSeconds = 0.0075;
/** Viewers whose delays are kept, event by event. */
const sampledMax = 500;
/** Ticks of all viewers are spread over a second in this many parts. */
const parts = 20;

const userIdOf = (n: number) => n.toString(16).padStart(24, "0");

/** The room's viewers: all subscribed and greeted before the first event. */
export function createAudience(
  clock: Clock,
  chance: Chance,
  table: SimulatedTable,
  use: Use,
  size: number,
  epoch: string,
) {
  const viewers: Viewer[] = [];
  const byConnection = new Map<string, Viewer>();
  const delays: { at: number; delay: number }[] = [];
  const counts = { subscribes: 0, refused: 0, pings: 0, resets: 0, shownEvents: 0 };
  const sampled = new Set<Viewer>();
  const messages = new WeakMap<Payload, Message>();
  let gateway: Gateway;
  const connectedAt = clock.now() - 600_000;
  const expiresAt = connectionExpiry(connectedAt);
  let connections = 0;
  /** As long as those of API Gateway: the ids are most of a subscriber's bytes. */
  const newConnectionId = () => `Q${(++connections).toString(36).padStart(11, "0")}AEQ=`;

  function parse(payload: Payload): Message {
    const known = messages.get(payload);
    if (known !== undefined) return known;
    const message: Message = JSON.parse(payload.bytes.toString());
    messages.set(payload, message);
    return message;
  }

  function act(viewer: Viewer, steps: ReturnType<Follower["take"]>): void {
    for (const step of steps)
      if (step.do === "show") {
        viewer.shown += 1;
        counts.shownEvents += step.frame.events.length;
        if (sampled.has(viewer)) sample(step.frame.events);
      } else if (step.do === "send") void ask(viewer, viewer.connectionId, step.message);
      else if (step.do === "reset") counts.resets += 1;
  }
  function sample(events: readonly { type: string; at: string }[]): void {
    // A ban's time is that of its record, in whole seconds.
    for (const { type, at } of events)
      if (!type.startsWith("member."))
        delays.push({ at: Date.parse(at), delay: clock.now() - Date.parse(at) });
  }

  /** A message on its way in: it counts against the account's rate as posts do. */
  async function inbound(): Promise<boolean> {
    await clock.wait(chance.around(...world.inbound));
    if (!gateway.admits()) {
      counts.refused += 1;
      return false;
    }
    use.websocket_messages += 1;
    use.lambda_requests += 1;
    use.lambda_gigabyte_seconds += handlerGigabyteSeconds;
    return true;
  }

  async function ask(viewer: Viewer, connectionId: string, message: object): Promise<void> {
    counts.subscribes += 1;
    if (!(await inbound())) return;
    const { since, requestId } = message as { since?: never; requestId: string };
    const { userId } = viewer;
    await subscribe({ streamId, since, requestId, connectionId, userId, connectedAt }, new Date());
  }

  async function ping(connectionId: string): Promise<void> {
    counts.pings += 1;
    if (!(await inbound())) return;
    const streams = (await findConnection(connectionId))?.streams ?? [];
    const heads = await findHeads(connectionId, [...streams], new Date());
    const bytes = Buffer.from(JSON.stringify({ type: "pong", heads }));
    await gateway.poster.post(connectionId, { bytes, hash: "" });
  }

  function listen(viewer: Viewer): void {
    viewer.askAt = clock.now() + silenceLimitOf(size, pingMillisecondsDefault, chance.next());
  }

  function open(viewer: Viewer, connectionId: string): void {
    byConnection.delete(viewer.connectionId);
    byConnection.set(connectionId, viewer);
    Object.assign(viewer, { connectionId, isOpen: true, isSlow: false });
    listen(viewer);
    const { userId } = viewer;
    const own = { connectionId, userId, connectedAt, expiresAt, tokenExpiresAt: expiresAt };
    table.put({ ...key.connection(connectionId), ...own });
  }

  /** A socket breaks; the viewer reconnects. */
  function lose(viewer: Viewer): void {
    const old = viewer.connectionId;
    viewer.isOpen = false;
    viewer.follower.close();
    if (chance.hits(world.toldShare)) void dropConnection(old);
    clock.at(clock.now() + chance.around(...world.reconnectMilliseconds), () => {
      open(viewer, newConnectionId());
      act(viewer, viewer.follower.open(clock.now()));
    });
  }

  function add(userId: string): Viewer {
    const viewer: Viewer = {
      userId,
      connectionId: "",
      follower: createFollower(streamId),
      isOpen: false,
      isSlow: false,
      shown: 0,
      askAt: 0,
      take(payload) {
        if (!viewer.isOpen) return;
        listen(viewer);
        act(viewer, viewer.follower.take(parse(payload), clock.now()));
      },
    };
    open(viewer, newConnectionId());
    return viewer;
  }

  function settle(viewer: Viewer, from: number): void {
    const { userId, connectionId } = viewer;
    const revision = revisionAt(new Date(connectedAt), 0);
    const own = { userId, connectionId, connectedAt, expiresAt };
    table.put(subscriberItem({ ...own, streamId, revision, from }));
    const streams = new Set([streamId]);
    const tokenExpiresAt = expiresAt;
    table.put({ ...key.connection(connectionId), ...own, tokenExpiresAt, streams });
    const [asked] = viewer.follower.open(clock.now());
    const { requestId } = (asked as unknown as { message: { requestId: string } }).message;
    const said = {
      type: "subscribed" as const,
      streamId,
      epoch,
      head: 0,
      viewers: size,
      requestId,
    };
    viewer.follower.take(said, clock.now());
  }

  for (let n = 0; n < size; n++) {
    const viewer = add(userIdOf(n));
    settle(viewer, 1);
    viewers.push(viewer);
    if (sampled.size < sampledMax) sampled.add(viewer);
  }
  const dead = Math.floor(size * world.deadShare);
  for (let n = 0; n < dead; n++) {
    const gone = add(userIdOf(size + n));
    settle(gone, 1);
    gone.isOpen = false;
  }

  let isQuiet = false;
  function tick(part: number): void {
    const breaks = world.breaksPerMinute / 60;
    for (let n = part; n < viewers.length; n += parts) {
      const viewer = viewers[n]!;
      if (!viewer.isOpen) continue;
      if (!isQuiet && chance.hits(breaks)) {
        lose(viewer);
        continue;
      }
      act(viewer, viewer.follower.tick(clock.now()));
      if (clock.now() < viewer.askAt) continue;
      listen(viewer);
      void ping(viewer.connectionId);
    }
    clock.at(clock.now() + 1000, () => tick(part));
  }

  return {
    viewers,
    counts,
    delays,
    find: (connectionId: string) => byConnection.get(connectionId),
    /** Begins to live, with a gateway that finds these viewers. */
    start(given: Gateway): void {
      gateway = given;
      gateway.slowDown(viewers);
      for (let part = 0; part < parts; part++)
        clock.at(clock.now() + (part * 1000) / parts, () => tick(part));
    },
    /** No socket breaks any more: what is missing heals. */
    quieten(): void {
      isQuiet = true;
    },
  };
}

export type Audience = ReturnType<typeof createAudience>;
