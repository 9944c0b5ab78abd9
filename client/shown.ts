import type { Frame } from "./message.ts";
import type { Beginning } from "./session.ts";
import { type Adding, nothingShown, type Shown, shownAfter } from "./sums.ts";

/**
 * A stream's sums and open moments. Replayed frames have only what changed in them: if nothing else
 * is known, `read` is called after the replay for what was there before. A newer frame wins, because
 * the response may be older than it.
 */
export function keepShown(read: () => Promise<Shown>, tell: (shown: Shown) => void) {
  let shown = nothingShown;
  let isKnown = false;
  /** What the frames since the replay's begin have changed, until the state before it is known. */
  let missing: (Adding & { head: number }) | undefined;

  async function complete(): Promise<void> {
    const said = await read();
    if (missing === undefined) return;
    shown = shownAfter(said, missing);
    know();
    tell(shown);
  }
  function know(): void {
    isKnown = true;
    missing = undefined;
  }
  return {
    current: () => shown,
    begin(beginning: Beginning): void {
      shown = beginning.shown ?? (beginning.do === "reset" ? nothingShown : shown);
      const isReplay = beginning.do === "follow" && beginning.recovered && !beginning.shown;
      if (!isReplay) know();
      else if (!isKnown) missing = { events: [], ...missing, head: beginning.head.frame };
    },
    show(frame: Frame): void {
      shown = shownAfter(shown, frame);
      if (missing === undefined) return;
      const { events, sums, head } = missing;
      missing = {
        events: [...events, ...frame.events.filter(({ type }) => type.startsWith("moment."))],
        sums: { ...sums, ...frame.sums },
        head,
      };
      if (frame.frame < head) return;
      // Once: if it fails, the next `subscribed` has the state, or begins another replay.
      missing.head = Number.POSITIVE_INFINITY;
      complete().catch(() => {});
    },
  };
}
