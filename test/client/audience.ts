import type { Client, Frame, Position, Subscription } from "../../client/index.ts";
import type { FrameServer } from "./frame-server.ts";

/** How a follower reads: by callbacks or as an async iterator, and from where. */
type Manner = {
  isReader: boolean;
  random: () => number;
  since?: Position | undefined;
  /** Where another already is: nobody is shown older frames as new. */
  least?: Position | undefined;
};

/**
 * A follower of a stream, by callbacks or by `for await`, that stops and resumes now and then. It
 * checks what it receives: everything of the log after the first position, exactly once and in
 * order, except what a reset skips. Several may follow one stream, from `since`
 * or from now on.
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
  /** Events of the newest frame that were shown. */
  let shownOf = 0;
  let shown = 0;
  let stream: Subscription;
  let isLeaving = false;
  let reading: Promise<void> = Promise.resolve();
  let readers = 0;

  const isAfter = ({ epoch, frame }: Position, next: Frame) =>
    epoch === next.epoch && frame + 1 === next.frame;

  /** Whether a frame may follow what was shown: the next one, or the first after a begin. */
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

  /** Who comes from nowhere begins where the others are, or later. */
  function judgeBegin(position: Position): void {
    begin ??= position;
    if (position.epoch === least?.epoch && position.frame < least.frame)
      wrong.push(`${streamId}: begun at ${position.frame}, which is not now`);
  }

  /** A reset is honest if the server has said one, or nobody can have been at this position. */
  function judgeReset(position: Position): void {
    const isSaid = server.begun
      .slice(begunBefore)
      .some((one) => one.isReset && one.streamId === streamId);
    const { epoch, head } = server.logOf(streamId);
    const isStrange = first !== undefined && (first.epoch !== epoch || first.frame > head);
    if (!isSaid && !isStrange)
      wrong.push(`${streamId}: a reset at ${position.frame} that the server did not say`);
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
    // Closed only now, so that one comes while the other is still there.
    if (!isReader) before?.close();
    if (isReader) reading = read(stream);
  }

  follow();
  return {
    wrong,
    ends,
    shown: () => shown,
    /** Stops and resumes at once at its position, in one of the ways an app has. */
    async comeBack(): Promise<void> {
      if (ends.length > 0 || isLeaving) return;
      if (isReader) {
        // A reader leaves at the end of a frame, so that nothing comes twice.
        isLeaving = true;
        await reading;
        isLeaving = false;
      } else if (random() < 0.5) stream.close();
      if (ends.length === 0) follow();
    },
    /** Whether all of the log was received, or the end was reported. */
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
