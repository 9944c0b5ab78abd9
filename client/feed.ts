import type { Follower } from "./follower.ts";
import type { Frame, Position } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Continuation, Ending } from "./session.ts";
import type { Listener } from "./subscription.ts";
import type { SumsAndMoments } from "./sums.ts";
import { createSumsTracker } from "./sums-tracker.ts";

/**
 * One stream on the socket, shared by its listeners. Each listener has its own position: a later
 * listener starts at the stream's current position, one with an older position receives the frames
 * in between, and none receives a frame twice. `read`: the stream's current sums and open moments.
 */
export function createFeed(
  follower: Follower,
  outbox: Outbox,
  read: () => Promise<SumsAndMoments>,
) {
  const listeners = new Set<Listener>();
  let viewers: number | undefined;
  /** The newest frame delivered. After rewinding, older frames arrive again. */
  let newest: Position | undefined;
  const all = (call: (listener: Listener) => void) => {
    for (const listener of [...listeners]) call(listener);
  };
  const shown = createSumsTracker(read, (now) => all((listener) => listener.sum(now)));
  return {
    follower,
    outbox,
    /**
     * Returns the older position to which the stream must rewind for this listener, or undefined.
     * `isLive`: whether frames are arriving now.
     */
    join(listener: Listener, since: Position | undefined, isLive: boolean) {
      listeners.add(listener);
      listener.sum(shown.current());
      const at = follower.position();
      if (since === undefined) {
        // A listener without a position starts now: it does not get the frames replayed for others.
        const now = isLive && { ...at!, frame: follower.newest() };
        if (now) listener.begin(now, viewers);
        return undefined;
      }
      if (at === undefined || (at.epoch === since.epoch && since.frame < at.frame)) return since;
      if (!isLive) return undefined;
      // No frame will reach a position that the server has not announced.
      const isKnown = at.epoch === since.epoch && since.frame <= follower.newest();
      listener.begin(isKnown ? since : at, viewers, !isKnown);
      return undefined;
    },
    /** Returns whether any listener is left. */
    leave(listener: Listener): boolean {
      listeners.delete(listener);
      return listeners.size > 0;
    },
    begin(continuation: Continuation): void {
      const { do: how, position } = continuation;
      viewers = continuation.viewers ?? viewers;
      shown.begin(continuation);
      all((listener) => listener.sum(shown.current()));
      all((listener) => {
        const own = listener.at();
        const isSame = own?.epoch === position.epoch;
        if (how === "follow") {
          const isLost = own !== undefined && !isSame;
          listener.begin(isLost || own === undefined ? continuation.head : own, viewers, isLost);
        } else if (how === "reset") listener.begin(position, viewers, own !== undefined);
        // A listener without a position waits for the pending `subscribed`.
        else if (own !== undefined && !(isSame && own.frame >= position.frame))
          listener.begin(position, viewers, true);
      });
    },
    show(frame: Frame): void {
      if (newest?.epoch !== frame.epoch || newest.frame < frame.frame) {
        newest = frame;
        shown.show(frame);
        outbox.show(frame);
      }
      viewers = frame.viewers;
      all((listener) => {
        listener.show(frame);
        listener.sum(shown.current());
      });
    },
    end: (ending: Ending) => all((listener) => listener.end(ending)),
  };
}

export type Feed = ReturnType<typeof createFeed>;
