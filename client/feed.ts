import type { Follower } from "./follower.ts";
import type { Frame, Position } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Beginning, Ending } from "./session.ts";
import type { Listener } from "./subscription.ts";
import { nothingShown, shownAfter } from "./sums.ts";

/**
 * One stream on the socket for all who listen to it. Each has a position of its own: a
 * later listener begins where the stream is, one from an older position receives what lies
 * between, and none receives a frame twice.
 */
export function createFeed(follower: Follower, outbox: Outbox) {
  const listeners = new Set<Listener>();
  let viewers = 0;
  let shown = nothingShown;
  /** The newest frame that was shown: after going back, older ones come again. */
  let newest: Position | undefined;
  const all = (tell: (listener: Listener) => void) => {
    for (const listener of [...listeners]) tell(listener);
  };
  return {
    follower,
    outbox,
    /**
     * Answers the position to which the stream has to go back for this one; undefined if it has
     * not. `isLive` says whether frames come just now.
     */
    join(listener: Listener, since: Position | undefined, isLive: boolean) {
      listeners.add(listener);
      listener.sum(shown);
      const at = follower.position();
      if (since === undefined) {
        // "From now on" leaves out what others missed and are just given.
        const now = isLive && { ...at!, frame: follower.newest() };
        if (now) listener.begin(now, viewers);
        return undefined;
      }
      if (at === undefined || (at.epoch === since.epoch && since.frame < at.frame)) return since;
      if (!isLive) return undefined;
      // A position of which nobody has heard yet never comes.
      const isKnown = at.epoch === since.epoch && since.frame <= follower.newest();
      listener.begin(isKnown ? since : at, viewers, !isKnown);
      return undefined;
    },
    /** Answers whether anybody still listens. */
    leave(listener: Listener): boolean {
      listeners.delete(listener);
      return listeners.size > 0;
    },
    begin(beginning: Beginning): void {
      const { do: how, position } = beginning;
      viewers = beginning.viewers;
      shown = beginning.shown ?? shown;
      all((listener) => listener.sum(shown));
      all((listener) => {
        const own = listener.at();
        const isSame = own?.epoch === position.epoch;
        if (how === "follow") {
          const isLost = own !== undefined && !isSame;
          listener.begin(isLost || own === undefined ? beginning.head : own, viewers, isLost);
        } else if (how === "reset") listener.begin(position, viewers, own !== undefined);
        // A listener without a position waits for the answer that is on its way.
        else if (own !== undefined && !(isSame && own.frame >= position.frame))
          listener.begin(position, viewers, true);
      });
    },
    show(frame: Frame): void {
      if (newest?.epoch !== frame.epoch || newest.frame < frame.frame) {
        newest = frame;
        shown = shownAfter(shown, frame);
        outbox.hear(frame);
      }
      viewers = frame.viewers;
      all((listener) => {
        listener.show(frame);
        listener.sum(shown);
      });
    },
    end: (ending: Ending) => all((listener) => listener.end(ending)),
  };
}

export type Feed = ReturnType<typeof createFeed>;
