import type { EventData } from "./event-data.ts";

/** Where a viewer is in a stream's log: the last frame that was shown. Frame 0 is the beginning. */
export type Position = { epoch: string; frame: number };

/** One event of a frame; its type says what its data are. */
export type Event = {
  [Type in keyof EventData]: { id: string; type: Type; at: string; data: EventData[Type] };
}[keyof EventData];

/** A frame as the server sends it. */
export type Frame = {
  type: "events";
  streamId: string;
  epoch: string;
  frame: number;
  viewers: number;
  skipped: number;
  events: Event[];
};

/** Any message of the server; only those of the follower's stream mean something to it. */
export type Message =
  | Frame
  | {
      type: "subscribed";
      streamId: string;
      epoch: string;
      head: number;
      recovered?: boolean;
      viewers: number;
      requestId?: string;
    }
  | { type: "unsubscribed"; streamId: string; reason?: string; requestId?: string }
  | { type: "pong"; heads: Record<string, number>; requestId?: string }
  | { type: "error"; statusCode: number; errors: string[]; requestId?: string };

/** What the follower asks of its owner. */
export type Step =
  | { do: "send"; message: { action: "subscribe"; [field: string]: unknown } }
  | { do: "show"; frame: Frame }
  /** Frames were missed for good: read the history, then go on from `position`. */
  | { do: "reset"; position: Position; viewers: number }
  | { do: "follow"; position: Position; viewers: number; recovered?: boolean }
  | { do: "end"; reason: string; statusCode?: number };

/** How long an answer or a posted frame may take before it counts as lost, in milliseconds. */
const patienceMilliseconds = 3_000;
/**
 * Each further repetition waits longer, up to a bound: a server that is slow because a room comes
 * back at once is not asked ever more often, and each `subscribe` begins its answer anew.
 */
const patienceGrowth = 1.5;
const patienceMillisecondsMax = 20_000;

/**
 * Follows one stream by the four rules that make what is shown exact whatever dies on the way:
 * (1) a number that is not larger than the last is dropped; (2) at a hole, at a frame of another
 * epoch, when a `pong` head is missing for 3 s or a `pong` does not name the stream, it subscribes
 * again with its position, and what lies beyond the hole is not shown, it comes again; (3) a
 * `subscribe` without an answer for 3 s is repeated, one at a time; (4) a `subscribed` counts once,
 * and only the answer to the newest `subscribe`. Pure: time and messages come from outside
 * (milliseconds).
 */
export function createFollower(streamId: string, since?: Position) {
  let position = since;
  let asked: { requestId: string; at: number } | undefined;
  let patience = patienceMilliseconds;
  let count = 0;
  /** The newest frame that was heard of, and since when it is missing. */
  let newest = 0;
  let missingSince: number | undefined;
  let ended = false;

  function subscribe(now: number): Step[] {
    const requestId = `${streamId}-${++count}`;
    asked = { requestId, at: now };
    const message = { action: "subscribe" as const, streamId, requestId };
    return [{ do: "send", message: position ? { ...message, since: position } : message }];
  }

  const again = (now: number): Step[] => (asked !== undefined || ended ? [] : subscribe(now));

  function repeat(now: number): Step[] {
    patience = Math.min(patience * patienceGrowth, patienceMillisecondsMax);
    return subscribe(now);
  }

  function hear(frame: number, now: number): void {
    newest = Math.max(newest, frame);
    if (position !== undefined && newest > position.frame) missingSince ??= now;
  }

  function takeFrame(frame: Frame, now: number): Step[] {
    if (position === undefined || ended) return [];
    if (frame.epoch !== position.epoch) return again(now);
    if (frame.frame <= position.frame) return [];
    if (frame.frame > position.frame + 1) {
      hear(frame.frame, now);
      return again(now);
    }
    position = { epoch: frame.epoch, frame: frame.frame };
    missingSince = newest > position.frame ? now : undefined;
    return [{ do: "show", frame }];
  }

  function takeSubscribed(message: Extract<Message, { type: "subscribed" }>, now: number): Step[] {
    if (asked === undefined || message.requestId !== asked.requestId) return [];
    asked = undefined;
    patience = patienceMilliseconds;
    const { epoch, head, recovered, viewers } = message;
    if (position !== undefined && recovered === true) {
      missingSince = undefined;
      hear(head, now);
      return [{ do: "follow", position, viewers, recovered }];
    }
    const lost = position !== undefined;
    position = { epoch, frame: head };
    newest = head;
    missingSince = undefined;
    return lost ? [{ do: "reset", position, viewers }] : [{ do: "follow", position, viewers }];
  }

  function takePong(heads: Record<string, number>, now: number): Step[] {
    if (position === undefined || ended) return [];
    const head = heads[streamId];
    if (head === undefined) return again(now);
    hear(head, now);
    return [];
  }

  function end(reason: string, statusCode?: number): Step[] {
    asked = undefined;
    ended = true;
    return [statusCode === undefined ? { do: "end", reason } : { do: "end", reason, statusCode }];
  }

  return {
    streamId,
    /** The last frame shown; undefined before the first answer. */
    position: () => position,
    isEnded: () => ended,
    /** A socket is open: what was asked on the one before is void. */
    open(now: number): Step[] {
      if (ended) return [];
      newest = position?.frame ?? 0;
      missingSince = undefined;
      return subscribe(now);
    },
    /** The socket is gone: nothing is asked until there is another. */
    close(): void {
      asked = undefined;
      missingSince = undefined;
    },
    take(message: Message, now: number): Step[] {
      if (message.type === "pong") return takePong(message.heads, now);
      if (message.type === "error") {
        if (asked === undefined || message.requestId !== asked.requestId) return [];
        // Too many messages, a fault, or a token that has just ended (the next socket brings a
        // fresh one): the same subscribe is repeated when its time has come.
        if ([401, 429].includes(message.statusCode) || message.statusCode >= 500) return [];
        return end(message.errors.at(-1) ?? "", message.statusCode);
      }
      if (message.streamId !== streamId) return [];
      if (message.type === "events") return takeFrame(message, now);
      if (message.type === "subscribed") return takeSubscribed(message, now);
      return message.reason === undefined ? [] : end(message.reason);
    },
    /** Lets time pass: call it about once a second. */
    tick(now: number): Step[] {
      if (ended) return [];
      if (asked !== undefined) return now - asked.at > patience ? repeat(now) : [];
      const late = missingSince !== undefined && now - missingSince > patienceMilliseconds;
      return late ? again(now) : [];
    },
  };
}

export type Follower = ReturnType<typeof createFollower>;
