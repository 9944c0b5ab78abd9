import { createFollower } from "../../../client/follower.ts";
import type { Frame, Message } from "../../../client/message.ts";
import { subscribe } from "../../../platform/realtime/subscription.ts";
import { connectionExpiry, findConnection } from "../../../platform/store/log/connections.ts";
import { findHeads } from "../../../platform/store/log/subscribers.ts";
import { key } from "../../../platform/table/keys.ts";
import type { Scenario } from "./scenario.ts";
import type { createTable } from "./table-double.ts";
import { start, streamId } from "./writer.ts";

/** One viewer: what it has shown, in order, and where it began. */
type Viewer = {
  userId: string;
  connectionId: string;
  open: boolean;
  follower: ReturnType<typeof createFollower>;
  shown: { epoch: string; frame: number; body: Frame }[];
  begins: { epoch: string; frame: number }[];
  resets: string[];
  subscribes: number;
  /** Sockets that it has opened. */
  opened: number;
};

/** What the world gives to its viewers. */
type Means = {
  table: ReturnType<typeof createTable>;
  now(): number;
  hasFaults(): boolean;
  chance(share?: number): boolean;
  between(low: number, high: number): number;
  inTime(milliseconds: number): Promise<void>;
  /** The bans of those who are blocked now. */
  blockedAt: ReadonlyMap<string, number>;
  findings: string[];
  /** Counts a failure. */
  fail(): void;
};

const dayMilliseconds = 24 * 3600 * 1000;
const connectedAt = start - 600_000;

/** The viewers of a schedule: the published client's follower, with sockets that come and go. */
export function createAudience(scenario: Scenario, means: Means) {
  const { table, now, chance, between, blockedAt } = means;
  const viewers = new Map<string, Viewer>();

  function receive(viewer: Viewer, message: Message): void {
    if (message.type === "events") {
      const ban = blockedAt.get(viewer.userId);
      const holder = message.events.find(({ id }) => id === `ban:${ban}`);
      if (holder !== undefined)
        means.findings.push(`BAN ${viewer.userId} got the frame of their ban`);
    }
    act(viewer, viewer.follower.take(message, now()));
  }
  function act(viewer: Viewer, steps: ReturnType<Viewer["follower"]["take"]>): void {
    for (const todo of steps) {
      if (todo.do === "show") {
        const { epoch, frame } = todo.frame;
        viewer.shown.push({ epoch, frame, body: todo.frame });
      } else if (todo.do === "send") {
        viewer.subscribes += 1;
        void send(viewer, viewer.connectionId, todo.message as never);
      } else if (todo.do === "follow") {
        if (todo.recovered === undefined) viewer.begins.push(todo.position);
      } else if (todo.do === "reset") {
        viewer.resets.push(todo.position.epoch);
        viewer.begins.push(todo.position);
      }
    }
  }

  /** Runs the subscribe handler, as the server does some time later. */
  async function send(
    viewer: Viewer,
    connectionId: string,
    message: { since?: { epoch: string; frame: number }; requestId: string },
  ): Promise<void> {
    if (means.hasFaults() && chance(scenario.unsaid ?? 0.02)) return;
    const { since, requestId } = message;
    const { userId } = viewer;
    await means.inTime(between(100, 400));
    const outcome = await subscribe(
      { streamId, since, requestId, connectionId, userId, connectedAt },
      new Date(now()),
    ).catch((error: { code?: string }) => {
      if (error.code !== "member_blocked") throw error;
      if (viewer.connectionId === connectionId)
        receive(viewer, { type: "error", statusCode: 403, errors: ["blocked"], requestId });
    });
    if (outcome === "unknown") close(viewer, connectionId);
  }

  function connect(viewer: Viewer): void {
    const { userId } = viewer;
    viewer.connectionId = `${userId}-${between(0, 1e9)}`;
    viewer.open = true;
    viewer.opened += 1;
    const { connectionId } = viewer;
    const own = { connectionId, userId, connectedAt, expiresAt: connectionExpiry(connectedAt) };
    const tokenExpiresAt = (start + dayMilliseconds) / 1000;
    table.put({ ...key.connection(connectionId), ...own, tokenExpiresAt });
    if (!viewer.follower.isEnded()) act(viewer, viewer.follower.open(now()));
  }
  function close(viewer: Viewer, connectionId: string): void {
    if (viewer.connectionId !== connectionId) return;
    viewer.open = false;
    viewer.follower.close();
  }
  async function live(viewer: Viewer): Promise<void> {
    let pingAt = now() + between(1000, 6000);
    for (;;) {
      await means.inTime(between(300, 800));
      if (!viewer.open) connect(viewer);
      else if (means.hasFaults() && chance(scenario.drops ?? 0.01)) {
        close(viewer, viewer.connectionId);
        means.fail();
        continue;
      }
      act(viewer, viewer.follower.tick(now()));
      if (viewer.follower.isEnded()) refollow(viewer);
      if (now() < pingAt) continue;
      pingAt = now() + between(5000, 9000);
      void ping(viewer, viewer.connectionId);
    }
  }
  /** A blocked viewer whose ban is over follows again from where they were. */
  function refollow(viewer: Viewer): void {
    const member = table.items.get(`STREAM#${streamId} MEMBER#${viewer.userId}`);
    if (member?.ban != null) return;
    viewer.follower = createFollower(streamId, viewer.follower.position());
    act(viewer, viewer.follower.open(now()));
  }
  async function ping(viewer: Viewer, connectionId: string): Promise<void> {
    const connection = await findConnection(connectionId);
    if (connection === undefined) return close(viewer, connectionId);
    const heads = await findHeads(connectionId, [...(connection.streams ?? [])], new Date(now()));
    if (viewer.connectionId !== connectionId || !viewer.open) return;
    if (means.hasFaults() && chance(scenario.lost)) return;
    receive(viewer, { type: "pong", heads });
  }

  return {
    viewers: () => [...viewers.values()],
    find: (connectionId: string) =>
      [...viewers.values()].find((viewer) => viewer.connectionId === connectionId),
    receive,
    enter(userId: string): void {
      const viewer: Viewer = {
        userId,
        connectionId: "",
        open: false,
        follower: createFollower(streamId),
        shown: [],
        begins: [],
        resets: [],
        subscribes: 0,
        opened: 0,
      };
      viewers.set(userId, viewer);
      void live(viewer);
    },
  };
}
