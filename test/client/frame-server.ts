import type { Frame, Position } from "../../client/index.ts";

/** What the server needs from a connection. */
export type Connection = {
  /** Milliseconds since 1970. */
  tokenEndsAt: number;
  /** First live frame of each stream that is subscribed to. */
  streams: Map<string, number>;
  post(message: object): void;
};

type Message = { action: string; streamId: string; requestId?: string; since?: Position };

/** A socket URL's subscription, as the equivalent message. */
export function messageOfUrl(url: string): Message | undefined {
  const { streamId, since } = Object.fromEntries(new URL(url, "ws://any").searchParams);
  if (streamId === undefined) return undefined;
  const [epoch = "", frame] = since?.split(":") ?? [];
  const position = { epoch, frame: Number(frame) };
  return { action: "subscribe", streamId, ...(since !== undefined && { since: position }) };
}

/** Frames of a stream that are kept: older positions get no replay. */
const keptMax = 40;

/**
 * A minimal correct server: the log of frames of each stream as clients see it. It responds at once
 * and posts each frame to each subscriber; message loss is simulated elsewhere.
 */
export function createFrameServer() {
  const connections = new Set<Connection>();
  const logs = new Map<string, { epoch: string; frames: Frame[]; head: number }>();
  const written = new Map<string, Frame>();
  let epochs = 0;
  let events = 0;
  /** Positions at which the server has told clients to start. */
  const begun: { streamId: string; position: Position; isReset: boolean }[] = [];

  function logOf(streamId: string) {
    const log = logs.get(streamId) ?? { epoch: `e${++epochs}`, frames: [], head: 0 };
    logs.set(streamId, log);
    return log;
  }

  function subscribe(connection: Connection, { streamId, since, requestId }: Message): void {
    const { epoch, frames, head } = logOf(streamId);
    const kept = since && since.epoch === epoch && since.frame <= head;
    const recovered = since && kept && since.frame >= head - frames.length;
    if (!recovered)
      begun.push({ streamId, position: { epoch, frame: head }, isReset: since !== undefined });
    const said = { type: "subscribed", streamId, epoch, head, viewers: 1, requestId };
    connection.post(since ? { ...said, recovered: recovered === true } : said);
    connection.streams.set(streamId, head + 1);
    if (recovered)
      for (const frame of frames) if (frame.frame > since.frame) connection.post(frame);
  }

  return {
    connections,
    begun,
    logOf,
    take(connection: Connection, message: Message): void {
      const { requestId, streamId } = message;
      const refused = { type: "error", statusCode: 401, errors: ["Authentication required"] };
      if (connection.tokenEndsAt <= Date.now()) connection.post({ ...refused, requestId });
      else if (message.action === "subscribe") subscribe(connection, message);
      else if (message.action === "unsubscribe") {
        connection.streams.delete(streamId);
        connection.post({ type: "unsubscribed", streamId });
      } else {
        const heads = [...connection.streams.keys()].map((id) => [id, logOf(id).head]);
        connection.post({ type: "pong", heads: Object.fromEntries(heads) });
      }
    },
    /** The frame of an event, even if it is no longer kept. */
    frameOf: (id: string) => written.get(id)!,
    /** Writes a frame with `count` events. */
    say(streamId: string, count: number): void {
      const log = logOf(streamId);
      log.head += 1;
      const said = Array.from({ length: count }, () => ({
        id: `${++events}`,
        type: "chat.deleted" as const,
        at: "",
        data: { messageId: "", streamId },
      }));
      const place = { streamId, epoch: log.epoch, frame: log.head, viewers: 1, skipped: 0 };
      const frame: Frame = { type: "events", ...place, events: said };
      log.frames.push(frame);
      for (const { id } of said) written.set(id, frame);
      if (log.frames.length > keptMax) log.frames.shift();
      for (const connection of connections)
        if ((connection.streams.get(streamId) ?? Number.POSITIVE_INFINITY) <= log.head)
          connection.post(frame);
    },
    /** A lost log starts a new epoch; frame numbers continue. */
    reset(streamId: string): void {
      const log = logOf(streamId);
      Object.assign(log, { epoch: `e${++epochs}`, frames: [] });
    },
  };
}

export type FrameServer = ReturnType<typeof createFrameServer>;
