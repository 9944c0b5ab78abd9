import type { Client, Frame, Position, Subscription } from "../../client/index.ts";
import type { FrameServer } from "./frame-server.ts";

/** How a follower reads (callbacks or async iterator) and from where. */
type Manner = {
  isReader: boolean;
  random: () => number;
  since?: Position | undefined;
  /** A position that others have reached: older frames must not be delivered as new. */
  least?: Position | undefined;
};

/**
 * A follower of a stream, by callbacks or `for await`, that stops and resumes at times. It checks
 * what it receives: every event of the log after the first position, exactly once and in order,
 * except those that a reset skips. Several may follow one stream, from `since` or from now.
 */
export function createFollowing(
  client: Client,
  server: FrameServer,
  streamId: string,
  { isReader, random, since: first, least }: Manner,
) {
  const begunBefore = server.begun.length;
  const wrong: string[] = [];
  const ends: string[] = [];
  const resets: Position[] = [];
  let begin = first;
  let last: Frame | undefined;
  /** Events of the newest frame delivered so far. */
  let shownOf = 0;
  let shown = 0;
  let stream: Subscription;
  let isLeaving = false;
  let reading: Promise<void> = Promise.resolve();
  let readers = 0;

  const isAfter = ({ epoch, frame }: Position, next: Frame) =>
    epoch === next.epoch && frame + 1 === next.frame;

  /** Checks that a frame is the next one, or the first after `begin`. */
  function judgeFrame(next: Frame): void {
    const { epoch, frame } = next;
    if (last !== undefined && shownOf < last.events.length && isReader)
      wrong.push(`${streamId}: ${frame} before the rest of ${last.frame}`);
    if (last !== undefined && isAfter(last, next)) return;
    const at = resets.findIndex((position) => isAfter(position, next));
    const isReset = at >= 0;
    if (isReset) resets.splice(0, at + 1);
    const isFirst = last === undefined && begin !== undefined && isAfter(begin, next);
    if (!isReset && !isFirst)
      wrong.push(`${streamId}: ${epoch}:${frame} after ${last?.epoch}:${last?.frame}`);
  }

  /** A follower without a position starts where the others are, or later. */
  function judgeBegin(position: Position): void {
    begin ??= position;
    if (position.epoch === least?.epoch && position.frame < least.frame)
      wrong.push(`${streamId}: begun at ${position.frame} instead of now`);
  }

  /** A reset is valid if the server sent one, or no client can have been at this position. */
  function judgeReset(position: Position): void {
    const isSaid = server.begun
      .slice(begunBefore)
      .some((one) => one.isReset && one.streamId === streamId);
    const { epoch, head } = server.logOf(streamId);
    const isStrange = first !== undefined && (first.epoch !== epoch || first.frame > head);
    if (!isSaid && !isStrange)
      wrong.push(`${streamId}: a reset at ${position.frame} that the server did not send`);
    resets.push(position);
  }

  function show(id: string, frame: Frame): void {
    if (frame !== last && (frame.frame !== last?.frame || frame.epoch !== last.epoch)) {
      judgeFrame(frame);
      last = frame;
      shownOf = 0;
    }
    if (frame.events[shownOf]?.id !== id)
      wrong.push(`${streamId}: event ${id} as number ${shownOf + 1} of ${frame.frame}`);
    shownOf += 1;
    shown += 1;
  }

  async function read(from: Subscription): Promise<void> {
    readers += 1;
    await readAll(from);
    readers -= 1;
  }

  async function readAll(from: Subscription): Promise<void> {
    for await (const { id } of from) {
      show(id, server.frameOf(id));
      if (isLeaving && shownOf === last!.events.length) {
        isLeaving = false;
        return;
      }
    }
  }

  function follow(): void {
    const before: Subscription | undefined = stream;
    const since = before === undefined ? first : before.position();
    const isOver = () => ends.length > 0;
    stream = client.subscribe(streamId, {
      ...(since && { since }),
      ...(!isReader && { onEvent: ({ id }) => show(id, server.frameOf(id)) }),
      onReset: judgeReset,
      onEnd(reason) {
        if (reason !== "closed" && !isOver()) ends.push(reason);
      },
    });
    if (since === undefined) void stream.ready.then(judgeBegin, () => {});
    // Closes the old subscription last, so that two exist at the same time.
    if (!isReader) before?.close();
    if (isReader) reading = read(stream);
  }

  follow();
  return {
    wrong,
    ends,
    shown: () => shown,
    /** Stops and resumes at its position, in one of the ways that apps use. */
    async resume(): Promise<void> {
      if (ends.length > 0 || isLeaving) return;
      if (isReader) {
        // A reader leaves at the end of a frame, so that no event is delivered twice.
        isLeaving = true;
        await reading;
        isLeaving = false;
      } else if (random() < 0.5) stream.close();
      if (ends.length === 0) follow();
    },
    /** Whether the whole log was received, or the end was reported. */
    isWhole(): boolean {
      const { epoch, head } = server.logOf(streamId);
      const position = stream.position();
      const isAtHead = position?.epoch === epoch && position.frame === head;
      const isShown = last?.frame === head && shownOf === last.events.length;
      return ends.length > 0 ? stream.isEnded() : isAtHead && isShown;
    },
    isReading: () => readers > 0,
    close: () => stream.close(),
    position: () => stream.position(),
  };
}
