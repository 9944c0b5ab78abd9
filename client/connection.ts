import type { Admission } from "./credentials.ts";
import { OvationError } from "./error.ts";
import { createFeed, type Feed } from "./feed.ts";
import { createFollower, type Wanted } from "./follower.ts";
import type { Position } from "./message.ts";
import type { Notification } from "./operations.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createReconnectingSocket, type SocketConstructor } from "./reconnecting-socket.ts";
import type { Call } from "./route.ts";
import * as sessions from "./session.ts";
import { type ClientState, createConnectionState } from "./state.ts";
import {
  createListener,
  runCallback,
  type Subscription,
  type SubscriptionHandlers,
} from "./subscription.ts";
import type { Moment, Sums, SumsAndMoments } from "./sums.ts";

type Settings = {
  socketUrl: string;
  admission: Admission;
  userId(): string | undefined;
  call: Call;
  WebSocket: SocketConstructor;
  pingMilliseconds?: number | undefined;
  onNotification?: ((notification: Notification) => void) | undefined;
  onChannel?: ((streamId: string | null) => void) | undefined;
  onState(state: ClientState, reason?: string, statusCode?: number): void;
  report(error: unknown): void;
  /** Takes the time of an event that has just arrived. */
  noteTime(at: string | undefined, isReplayed: boolean): void;
};

type Connection = {
  readonly settings: Settings;
  readonly session: sessions.Session<Feed>;
  readonly outboxes: Map<string, Outbox>;
  readonly socket: ReturnType<typeof createReconnectingSocket>;
  /** Why no more messages will arrive. */
  over: sessions.Ending | undefined;
  /** The channel's stream that the application was called with last. */
  channel: string | null | undefined;
  /** While the application is called with a channel's stream: that stream. */
  announced: string | undefined;
};

const tickMilliseconds = 1_000;

/** Drives a session: passes it messages and clock ticks, and performs the actions it returns. */
export function connect(settings: Settings) {
  const { report, onState } = settings;
  const session = sessions.createSession<Feed>(settings.pingMilliseconds);
  const { connection: view, enter } = createConnectionState(onState, report);
  const begin = (wanted: Wanted) =>
    perform(connection, sessions.open(session, performance.now(), wanted));
  /**
   * The server names a channel's stream, on each socket and when it changes, and subscribes the
   * socket to it without a request.
   */
  const announce = (streamId: string | null) => {
    connection.announced = streamId ?? undefined;
    const isNew = streamId !== connection.channel;
    connection.channel = streamId;
    if (isNew) runCallback(report, settings.onChannel, streamId);
    const { announced } = connection;
    const isFollowed = announced !== undefined && session.followings.has(announced);
    if (!session.isOpen) begin(isFollowed ? { streamId: announced } : {});
    connection.announced = undefined;
  };
  const socket = createReconnectingSocket({
    url: settings.socketUrl,
    admission: settings.admission,
    WebSocket: settings.WebSocket,
    report,
    wanted: () => sessions.wantedFirst(session),
    onOpen(wanted) {
      enter("online");
      // A channel's socket must not send anything before the server has named a stream.
      if (wanted.channel) sessions.wait(session, performance.now());
      else begin(wanted);
    },
    onMessage(message) {
      if (message.type === "events") {
        const { streamId, frame, events } = message;
        const newest = session.followings.get(streamId)?.follower.newest() ?? 0;
        settings.noteTime(events.at(-1)?.at, frame <= newest);
      }
      perform(connection, sessions.receive(session, message, performance.now()));
      if (message.type === "channel") announce(message.streamId);
    },
    onClose(reason, statusCode) {
      sessions.close(session);
      enter("offline", reason, statusCode);
    },
    onEnd(reason, statusCode) {
      connection.over = { reason, statusCode };
      clearInterval(ticking);
      sessions.close(session);
      if (statusCode === 401) report(new OvationError(401, [reason]));
      const feeds = [...session.followings.values()].map(({ to }) => to);
      session.followings.clear();
      for (const feed of feeds) feed.end({ reason, statusCode });
      enter("ended", reason, statusCode);
    },
  });
  const connection: Connection = {
    settings,
    session,
    socket,
    outboxes: new Map(),
    over: undefined,
    channel: undefined,
    announced: undefined,
  };
  const ticking = setInterval(
    () => perform(connection, sessions.tick(session, performance.now())),
    tickMilliseconds,
  );
  return {
    subscribe: (streamId: string, handlers?: SubscriptionHandlers & { since?: Position }) =>
      subscribe(connection, streamId, handlers),
    close: () => socket.end("closed"),
    /** The part that the application may read. */
    view,
  };
}

/** Performs a session's actions. A callback may end what the remaining actions are about. */
function perform({ settings, socket }: Connection, acts: sessions.Act<Feed>[]): void {
  for (const act of acts) {
    if (act.do === "send") socket.send(act.message);
    else if (act.do === "notify")
      runCallback(settings.report, settings.onNotification, act.notification);
    else if (act.do === "leave") socket.leave(act.leaving);
    else if (act.do === "stay away") socket.end(act.reason, act.statusCode);
    else if (act.do === "show") act.to.show(act.frame);
    else if (act.do === "end") act.to.end(act.ending);
    else act.to.begin(act.continuation);
  }
}

function subscribe(
  connection: Connection,
  streamId: string,
  { since, ...handlers }: SubscriptionHandlers & { since?: Position } = {},
): Subscription {
  const { session, settings } = connection;
  const known = session.followings.get(streamId)?.to;
  const outbox = known?.outbox ?? outboxOf(connection, streamId);
  const feed =
    known ??
    createFeed(createFollower(streamId, since), outbox, () => readShown(settings, streamId));
  const listener = createListener(streamId, handlers, since, {
    outbox,
    report: settings.report,
    read: (page, limit) =>
      settings.call("GET /api/v1/live-stream/{streamId}/chat/messages", {
        path: { streamId },
        query: { page, limit },
      }),
    leave() {
      if (!feed.leave(listener) && session.followings.get(streamId)?.to === feed)
        perform(connection, sessions.unfollow(session, streamId));
    },
  });
  const { over } = connection;
  if (over !== undefined) {
    const reason = over.reason === "closed" ? "The client is closed" : over.reason;
    // Later, so that the caller has the subscription when `onEnd` is called.
    void Promise.resolve().then(() => listener.end({ ...over, reason }));
    return listener.subscription;
  }
  const now = performance.now();
  const isLive = session.isOpen && feed.follower.isSubscribed();
  const back = feed.join(listener, since, isLive);
  const wanted = streamId === connection.announced ? { streamId } : {};
  if (known === undefined)
    perform(connection, sessions.follow(session, feed.follower, feed, now, wanted));
  else if (back !== undefined) perform(connection, sessions.rewind(session, streamId, back, now));
  return listener.subscription;
}

/** Reads a stream's sums and open moments, the oldest first as in `subscribed`. */
async function readShown({ call }: Settings, streamId: string): Promise<SumsAndMoments> {
  const path = `/api/v1/live-stream/${encodeURIComponent(streamId)}/moments?status=open`;
  const { sums, list } = await call<{ sums: Sums; list: Moment[] }>("GET", path);
  return { sums, moments: list.reverse() };
}

/** A stream's outbox outlives its subscriptions while messages are in flight. */
function outboxOf({ outboxes, session, settings }: Connection, streamId: string): Outbox {
  for (const [id, outbox] of outboxes)
    if (outbox.isEmpty() && !session.followings.has(id)) outboxes.delete(id);
  const post = (body: { content: string }, key: string) =>
    settings.call("POST /api/v1/live-stream/{streamId}/chat/messages", {
      path: { streamId },
      body,
      key,
    });
  const outbox = outboxes.get(streamId) ?? createOutbox(post, settings.userId);
  outboxes.set(streamId, outbox);
  return outbox;
}
